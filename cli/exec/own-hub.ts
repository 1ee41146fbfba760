import { defaultAccount } from '../../hub/account.ts';
import { LogReceiver } from '../../hub/sessions/log-receiver.ts';
import { resourceTypes } from '../../protocol/event-type.ts';
import { type HubHello, protocolVersion } from '../../protocol/hello.ts';
import type { AttemptReport, Offer } from '../../protocol/offer.ts';
import { attemptResource } from '../../protocol/resources.ts';
import type { HubFrame } from '../../protocol/session-frame.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { version } from '../../runtime/version.ts';
import { createEventRouter } from '../../sync/event-router.ts';
import { createEventWriter } from '../../sync/event-writer.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import { createSourceClient, type SourceClient } from '../../sync/source-client.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../sync/sync-options.ts';
import type { ControlChannel } from '../../transports/control-transport.ts';
import type { Accepted, Listener } from '../../transports/listener.ts';
import type { HubSessionChannel } from '../../transports/session-transport.ts';
import type { ExecJob } from './exec-job.ts';

const source = 'farhand-exec';

export interface OwnHubOptions {
  readonly agent: { readonly id: string; readonly name: string };
  readonly job: ExecJob;
  readonly listener: Listener<string>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The hub's ends of the channels of one agent in the same process, which has one job to do. */
export class OwnHub implements AsyncDisposable {
  readonly #options: OwnHubOptions;
  readonly #storeId: string;
  readonly #attempts: SourceClient<Offer>;
  readonly #channels = new Set<{ close(): Promise<void> }>();
  readonly #serving = new Set<Promise<void>>();
  readonly #sessions = new Map<string, HubSessionChannel>();
  readonly #accepting: Promise<void>;
  #leases = 0;

  constructor(options: OwnHubOptions) {
    const { agent, job, clock, random, logger } = options;
    this.#options = options;
    this.#storeId = random.uuid();
    this.#attempts = createSourceClient<Offer, AttemptReport>({
      codec: createJsonCodec(attemptResource),
      source,
      cluster: agent.id,
      specs: {
        versions: async () => job.open().map(({ id, version: wish }) => ({ id, version: wish, deleted: false })),
        get: async (id) => this.#toEntry(id),
      },
      sink: {
        held: async () => [],
        forget: async () => {},
        async apply({ id, status }) {
          if (status.phase === 'declined') job.decline(id, status);
        },
      },
      clock,
      random,
      logger,
      counters: createSyncCounters(),
      options: defaultSyncOptions,
    });
    this.#accepting = this.#accept();
  }

  /** Tells the agent what is wished of an attempt now. */
  publish(attempt: string): void {
    const entry = this.#toEntry(attempt);
    if (entry !== null) this.#attempts.publishSpec(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.listener[Symbol.asyncDispose]();
    await Promise.all([...this.#channels].map((channel) => channel.close()));
    await Promise.all([this.#accepting, ...this.#serving]);
    await this.#attempts[Symbol.asyncDispose]();
  }

  #toEntry(id: string) {
    const wish = this.#options.job.offer(id);
    return wish === null ? null : ({ type: 'wanted', id, ...wish } as const);
  }

  async #accept(): Promise<void> {
    for await (const accepted of this.#options.listener) {
      const serving = this.#serve(accepted).catch((err: unknown) => {
        this.#options.logger.error({ err }, 'channel failed');
      });
      this.#serving.add(serving);
      void serving.then(() => this.#serving.delete(serving));
    }
  }

  async #serve(accepted: Accepted<string>): Promise<void> {
    this.#channels.add(accepted.channel);
    try {
      if (accepted.type === 'control') await this.#serveControl(accepted.channel);
      else await this.#serveSession(accepted.attempt, accepted.channel);
    } finally {
      this.#channels.delete(accepted.channel);
      await accepted.channel.close();
    }
  }

  async #serveControl(channel: ControlChannel): Promise<void> {
    const { agent, clock, random, logger } = this.#options;
    this.#leases += 1;
    const hello: HubHello = {
      hub: source,
      version,
      storeId: this.#storeId,
      commits: this.#leases,
      startId: null,
      commitsOfSeen: null,
      leaseEpoch: this.#leases,
      agent: { ...agent, account: defaultAccount },
      protocols: [protocolVersion],
      leaving: null,
    };
    const writer = createEventWriter({ source, cluster: agent.id, clock, random });
    const type = { resource: resourceTypes.hubs, part: 'status', action: 'update_request' } as const;
    await channel.send(writer.write(type, { resourceid: this.#storeId }, hello));
    const router = createEventRouter({
      cluster: agent.id,
      clients: [this.#attempts],
      clock,
      random,
      logger,
      counters: createSyncCounters(),
      options: defaultSyncOptions,
    });
    const ended = new AbortController();
    let served: Promise<void> | null = null;
    try {
      // The first event is the agent's hello, of which a hub that made the agent itself learns nothing.
      for await (const event of channel) {
        if (served === null) served = router.serve((out) => channel.send(out), { signal: ended.signal });
        else router.receive(event);
      }
    } finally {
      ended.abort();
      await served;
    }
  }

  async #serveSession(attempt: string, channel: HubSessionChannel): Promise<void> {
    const { job } = this.#options;
    const log = job.log(attempt);
    if (log === null) return;
    const send = async (frame: HubFrame) => {
      await channel.send(frame).catch(() => {});
    };
    const receiver = new LogReceiver(log, {
      ack: (offset) => send({ type: 'ack', offset }),
      rewind: (offset) => send({ type: 'rewind', offset }),
      failed: async () => channel.close(),
    });
    for await (const frame of channel) {
      if (frame.type === 'open') {
        // The agent opens another one only when it has given this one up.
        this.#sessions.set(attempt, channel);
        const answer = job.answer(frame);
        await send(answer);
        if (answer.type !== 'job') return;
      } else if (this.#sessions.get(attempt) !== channel) return;
      else if (frame.type === 'log') await receiver.receive(frame);
      else if (frame.type === 'result') {
        if (!(await receiver.settled())) return;
        const from = await job.take(attempt, frame.result);
        if (from === null) return send({ type: 'accepted' });
        await send({ type: 'rewind', offset: from });
      }
    }
  }
}
