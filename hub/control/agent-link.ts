import type { AgentDesired } from '../../protocol/agent-report.ts';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { formatEventType, parseEventType, resourceTypes } from '../../protocol/event-type.ts';
import { AgentHello, type HubHello } from '../../protocol/hello.ts';
import type { Offer } from '../../protocol/offer.ts';
import { parse } from '../../protocol/parse.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { createEventRouter, type EventRouter } from '../../sync/event-router.ts';
import { createEventWriter } from '../../sync/event-writer.ts';
import { createSourceClient, type SourceClient } from '../../sync/source-client.ts';
import type { SyncCounters } from '../../sync/sync-counters.ts';
import type { SyncOptions } from '../../sync/sync-options.ts';
import type { ControlChannel } from '../../transports/control-transport.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AgentLink } from '../fleet/live-agent.ts';
import type { AgentRecord, AttemptRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { agentCodec, createDesiredLister, createReportSink, toDesiredEntry } from './agent-resource.ts';
import { attemptCodec, createAttemptLister, createAttemptSink, isOpen, toSpecEntry } from './attempt-resource.ts';

export interface AgentLinkOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: SyncCounters;
  readonly sync: SyncOptions;
  readonly onDeclined: (agentId: string, automation: string) => void;
}

/** Name of the hub on its events. */
export const hubSource = 'farhand-hub';

/** The hub's end of one control channel, from the hello to its end. Made when the lease was taken. */
export class ServedLink implements AgentLink {
  readonly agentId: string;
  readonly leaseEpoch: number;
  readonly #channel: ControlChannel;
  readonly #logger: Logger;
  readonly #attempts: SourceClient<Offer>;
  readonly #agents: SourceClient<AgentDesired>;
  readonly #router: EventRouter;
  readonly #hello: CloudEvent;
  readonly #ended = new AbortController();

  constructor(channel: ControlChannel, hello: HubHello, options: AgentLinkOptions) {
    const { store, fleet, clock, random, counters } = options;
    const agentId = hello.agent.id;
    this.agentId = agentId;
    this.leaseEpoch = hello.leaseEpoch;
    this.#channel = channel;
    this.#logger = options.logger.child({ agent: hello.agent.name, channel: channel.id });
    const common = {
      source: hubSource,
      cluster: agentId,
      clock,
      random,
      logger: this.#logger,
      counters,
      options: options.sync,
    };
    this.#attempts = createSourceClient({
      ...common,
      codec: attemptCodec,
      specs: createAttemptLister(store, agentId),
      sink: createAttemptSink({ store, agentId, clock, onDeclined: options.onDeclined }),
    });
    this.#agents = createSourceClient({
      ...common,
      codec: agentCodec,
      specs: createDesiredLister(store, agentId),
      sink: createReportSink({ store, fleet, agentId, clock }),
    });
    this.#router = createEventRouter({
      cluster: agentId,
      clients: [this.#attempts, this.#agents],
      logger: this.#logger,
      counters,
    });
    const type = formatEventType({ resource: resourceTypes.hubs, part: 'status', action: 'update_request' });
    this.#hello = { ...createEventWriter(common).write(parseEventType(type), { resourceid: hello.storeId }, hello) };
  }

  publishAttempt(attempt: AttemptRecord): void {
    if (isOpen(attempt)) this.#attempts.publishSpec(toSpecEntry(attempt));
  }

  publishDesired(agent: AgentRecord): void {
    this.#agents.publishSpec(toDesiredEntry(agent));
  }

  async close(reason: string, retryAfterMs?: number): Promise<void> {
    this.#ended.abort();
    await this.#channel.close(retryAfterMs === undefined ? { reason } : { reason, retryAfterMs });
  }

  /** Says hello, waits for the agent's, then serves until the channel ends. Never rejects. */
  async serve(): Promise<void> {
    const serving: Promise<void>[] = [];
    try {
      await this.#channel.send(this.#hello);
      let greeted = false;
      for await (const event of this.#channel) {
        if (greeted) {
          this.#router.receive(event);
          continue;
        }
        const agent = parse(AgentHello, event.data, "hello of an agent as the channel's first event");
        greeted = true;
        this.#logger.info({ version: agent.version, attempts: agent.attempts, epoch: this.leaseEpoch }, 'agent online');
        serving.push(this.#router.serve((out) => this.#channel.send(out), { signal: this.#ended.signal }));
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'control channel failed');
      await this.#channel.close({ reason: 'invalid hello' });
    } finally {
      this.#ended.abort();
      await Promise.allSettled(serving);
      await Promise.all([this.#attempts[Symbol.asyncDispose](), this.#agents[Symbol.asyncDispose]()]);
    }
    const reason = await this.#channel.closed;
    this.#logger.info(
      { reason: reason.type, detail: reason.type === 'failure' ? reason.error.message : undefined },
      'agent offline',
    );
  }
}
