import type { AgentDesired } from '../../protocol/agent-report.ts';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { type EventType, resourceTypes } from '../../protocol/event-type.ts';
import { AgentHello, findProtocolGap, type HubHello } from '../../protocol/hello.ts';
import type { Offer } from '../../protocol/offer.ts';
import { parse } from '../../protocol/parse.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { createEventRouter, type EventRouter } from '../../sync/event-router.ts';
import { createEventWriter } from '../../sync/event-writer.ts';
import { createSourceClient, type SourceClient } from '../../sync/source-client.ts';
import type { SyncClient } from '../../sync/sync-client.ts';
import type { SyncCounters } from '../../sync/sync-counters.ts';
import type { SyncOptions } from '../../sync/sync-options.ts';
import type { ControlChannel } from '../../transports/control-transport.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AgentLink } from '../fleet/live-agent.ts';
import { isOpen } from '../store/is-open.ts';
import type { AgentRecord, AttemptRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { agentCodec, createDesiredLister, createReportSink, toDesiredEntry } from './agent-resource.ts';
import {
  attemptCodec,
  createAttemptLister,
  createAttemptSink,
  type Declined,
  toSpecEntry,
} from './attempt-resource.ts';
import type { FactsBudget } from './facts-budget.ts';
import { createFactsSink, factsCodec, noSpecs } from './facts-resource.ts';

export interface AgentLinkOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly factsBudget: FactsBudget;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: SyncCounters;
  readonly sync: SyncOptions;
  readonly onDeclined: (declined: Declined) => void;
  /** An agent has been told of all attempts that it had not heard of when it came: so long after its hello. */
  readonly onResynced: (tookMs: number) => void;
}

/** How long an agent may be silent before its hello. */
const helloTimeoutMs = 10_000;

/** When an agent that cannot be understood should come back: it may be another by then. */
const otherProtocolRetryMs = 60_000;

/** Name of the hub on its events. */
export const hubSource = 'farhand-hub';

const helloType: EventType = { resource: resourceTypes.hubs, part: 'status', action: 'update_request' };

/** The hub's end of one control channel, from the hello to its end. Made when the lease was taken. */
export class ServedLink implements AgentLink {
  readonly agentId: string;
  readonly leaseEpoch: number;
  readonly #channel: ControlChannel;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #attempts: SourceClient<Offer>;
  readonly #agents: SourceClient<AgentDesired>;
  readonly #facts: SourceClient<null>;
  readonly #router: EventRouter;
  readonly #hello: (commits: number) => CloudEvent;
  readonly #commits: () => number;
  readonly #onResynced: (tookMs: number) => void;
  readonly #fleet: Fleet;
  /** When the agent said hello; null before, and once its first question about its attempts is answered. */
  #greetedAt: number | null = null;
  #told: number;
  readonly #ended = new AbortController();

  constructor(channel: ControlChannel, hello: HubHello, options: AgentLinkOptions) {
    const { store, fleet, clock, random, counters } = options;
    const agentId = hello.agent.id;
    this.agentId = agentId;
    this.leaseEpoch = hello.leaseEpoch;
    this.#channel = channel;
    this.#clock = clock;
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
      onAnswered: () => this.#answered(),
      codec: attemptCodec,
      specs: createAttemptLister(store, agentId),
      sink: createAttemptSink({ store, agentId, clock, onDeclined: options.onDeclined }),
    });
    this.#agents = createSourceClient({
      ...common,
      codec: agentCodec,
      specs: createDesiredLister(fleet, agentId),
      sink: createReportSink({ store, fleet, agentId, clock }),
    });
    this.#facts = createSourceClient({
      ...common,
      codec: factsCodec,
      specs: noSpecs,
      sink: createFactsSink({ store, agentId, budget: options.factsBudget, clock, signal: this.#ended.signal }),
    });
    this.#onResynced = options.onResynced;
    this.#fleet = fleet;
    this.#router = createEventRouter({
      cluster: agentId,
      clients: this.#clients,
      logger: this.#logger,
      counters,
    });
    const writer = createEventWriter(common);
    this.#hello = (commits) => writer.write(helloType, { resourceid: hello.storeId }, { ...hello, commits });
    this.#commits = () => store.commits();
    this.#told = hello.commits;
  }

  get #clients(): readonly SyncClient[] {
    return [this.#attempts, this.#agents, this.#facts];
  }

  #answered(): void {
    if (this.#greetedAt !== null) this.#onResynced(this.#clock.monotonic() - this.#greetedAt);
    this.#greetedAt = null;
  }

  publishAttempt(attempt: AttemptRecord): void {
    if (isOpen(attempt.state)) this.#attempts.publishSpec(toSpecEntry(attempt));
  }

  publishDesired(agent: AgentRecord): void {
    this.#agents.publishSpec(toDesiredEntry(agent));
  }

  /**
   * Says hello again if the store went on since. An agent takes a counter lower than the last one for a restored store, so
   * what it last heard should not be much older than what it was given to do.
   */
  async tellCommits(): Promise<void> {
    const commits = this.#commits();
    if (commits === this.#told || this.#ended.signal.aborted) return;
    this.#told = commits;
    try {
      await this.#channel.send(this.#hello(commits));
    } catch (error) {
      this.#logger.debug({ err: error }, 'hello not sent, the channel is gone');
    }
  }

  async close(reason: string, retryAfterMs?: number): Promise<void> {
    this.#ended.abort();
    await this.#channel.close(retryAfterMs === undefined ? { reason } : { reason, retryAfterMs });
  }

  /** Says hello, waits for the agent's, then serves until the channel ends. Never rejects. */
  async serve(): Promise<void> {
    const serving: Promise<void>[] = [];
    const waiting = this.#clock.schedule(helloTimeoutMs, () => void this.close('expected a hello'));
    try {
      await this.#channel.send(this.#hello(this.#told));
      let greeted = false;
      for await (const event of this.#channel) {
        if (greeted) {
          this.#router.receive(event);
          continue;
        }
        const agent = parse(AgentHello, event.data, "hello of an agent as the channel's first event");
        const gap = findProtocolGap(agent, 'agent');
        if (gap !== null) {
          this.#logger.warn({ gap }, 'agent speaks another protocol');
          await this.#channel.close({ reason: gap, retryAfterMs: otherProtocolRetryMs });
          break;
        }
        greeted = true;
        this.#greetedAt = this.#clock.monotonic();
        waiting.cancel();
        const holders = this.#fleet.get(this.agentId)?.keyHolders;
        if (holders?.greet(agent.bootId))
          this.#logger.warn({ problem: holders.problem }, 'key is shared by two agents');
        this.#logger.info({ version: agent.version, attempts: agent.attempts, epoch: this.leaseEpoch }, 'agent online');
        serving.push(this.#router.serve((out) => this.#channel.send(out), { signal: this.#ended.signal }));
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'control channel failed');
      await this.#channel.close({ reason: 'invalid hello' });
    } finally {
      waiting.cancel();
      this.#ended.abort();
      await Promise.allSettled(serving);
      await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
    }
    const reason = await this.#channel.closed;
    this.#logger.info(
      { reason: reason.type, detail: reason.type === 'failure' ? reason.error.message : undefined },
      'agent offline',
    );
  }
}
