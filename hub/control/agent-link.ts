import type { AgentDesired } from '../../protocol/agent-report.ts';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { type EventType, resourceTypes } from '../../protocol/event-type.ts';
import { AgentHello, findProtocolGap, type HubHello, protocolVersion } from '../../protocol/hello.ts';
import type { Offer } from '../../protocol/offer.ts';
import { parse } from '../../protocol/parse.ts';
import type { SeenStore } from '../../protocol/seen-store.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createLazyChildLogger } from '../../runtime/lazy-child-logger.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { createEventRouter, type ResourceRouter } from '../../sync/event-router.ts';
import { createEventWriter } from '../../sync/event-writer.ts';
import type { OpenLink } from '../../sync/open-link.ts';
import { createSourceClient, type SourceClient } from '../../sync/source-client.ts';
import type { SyncClient } from '../../sync/sync-client.ts';
import type { SyncCounters } from '../../sync/sync-counters.ts';
import type { SyncOptions } from '../../sync/sync-options.ts';
import type { ControlChannel } from '../../transports/control-transport.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AgentLink } from '../fleet/live-agent.ts';
import type { AgentPrincipal } from '../identity/agent-principal.ts';
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
import { createFactsSink, factsCodec, noSpecs } from './facts-resource.ts';
import { InventoryLink } from './inventory-link.ts';
import type { InventoryKinds } from './inventory-resource.ts';
import type { InventoryWriter } from './inventory-writer.ts';
import type { NewsBudget } from './news-budget.ts';
import type { SharedTurns } from './shared-turns.ts';

export interface AgentLinkOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly factsBudget: NewsBudget;
  readonly inventory: { readonly kinds: InventoryKinds; readonly writer: InventoryWriter };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: SyncCounters;
  readonly sync: SyncOptions;
  /** Of this program. */
  readonly version: string;
  /** Of all links: what may wait a moment to share a commit. */
  readonly turns: SharedTurns;
  /**
   * An agent said what it has seen of a store, null where it does not say. Answers how many commits the start that it names has had; null for one that
   * this store never had.
   */
  readonly onGreeted: (
    agent: AgentPrincipal,
    said: { readonly seen: SeenStore | null; readonly leaseEpoch: number; readonly commits: number },
  ) => Promise<number | null>;
  /** An agent has been told of all that is open: what follows is everyday work. */
  readonly onArrived: (agentId: string) => void;
  readonly onDeclined: (declined: Declined) => void;
  /** An agent has been told of all attempts that it had not heard of when it came: so long after its hello. */
  readonly onResynced: (tookMs: number) => void;
}

/** How long an agent may be silent before its hello. */
const helloTimeoutMs = 10_000;

/** When an agent that cannot be understood should come back: it may be another by then. */
const otherProtocolRetryMs = 60_000;

/** Name of the hub on its events. */
const hubSource = 'farhand-hub';

const helloType: EventType = { resource: resourceTypes.hubs, part: 'status', action: 'update_request' };

/** The hub's end of one control channel, from the hello to its end. Made when the lease was taken. */
export class ServedLink implements AgentLink {
  readonly leaseEpoch: number;
  readonly #agent: AgentPrincipal;
  readonly #channel: ControlChannel;
  readonly #options: AgentLinkOptions;
  readonly #logger: Logger;
  readonly #attempts: SourceClient<Offer>;
  readonly #agents: SourceClient<AgentDesired>;
  readonly #facts: SourceClient<null>;
  readonly #inventory: InventoryLink;
  readonly #router: ResourceRouter;
  /** When the agent said hello; null before, and once its first question about its attempts is answered. */
  #greetedAt: number | null = null;
  #told: number;
  #isOver = false;
  /** Of the start that the agent named: its commits, and whether it is this one. Null before the agent said hello. */
  #seen: { readonly commits: number | null; readonly isThisStart: boolean } | null = null;
  #leaving: HubHello['leaving'] = null;
  /** Made for the first who waits for the end. */
  #ended: AbortController | null = null;

  /** Of `options` it keeps what it is given: one object for all links. */
  constructor(
    channel: ControlChannel,
    { agent, leaseEpoch }: { readonly agent: AgentPrincipal; readonly leaseEpoch: number },
    options: AgentLinkOptions,
  ) {
    const { store, fleet, clock, random, counters, factsBudget, onDeclined, sync } = options;
    const agentId = agent.id;
    this.leaseEpoch = leaseEpoch;
    this.#agent = agent;
    this.#channel = channel;
    this.#options = options;
    this.#logger = createLazyChildLogger(options.logger, { agent: agent.name, channel: channel.id });
    this.#told = store.commits();
    const common = {
      source: hubSource,
      cluster: agentId,
      clock,
      random,
      logger: this.#logger,
      counters,
      options: sync,
    };
    this.#attempts = createSourceClient({
      ...common,
      onAnswered: () => this.#answered(),
      codec: attemptCodec,
      specs: createAttemptLister(store, agentId),
      sink: createAttemptSink({ store, agentId, clock, onDeclined }),
    });
    this.#agents = createSourceClient({
      ...common,
      codec: agentCodec,
      specs: createDesiredLister(fleet, agentId),
      sink: createReportSink({
        store,
        fleet,
        agentId,
        clock,
        turns: options.turns,
        onReported: (report) => this.#inventory.reported(report.clusters),
      }),
    });
    this.#facts = createSourceClient({
      ...common,
      codec: factsCodec,
      specs: noSpecs,
      sink: createFactsSink({ store, agentId, budget: factsBudget, clock, link: this }),
    });
    this.#inventory = new InventoryLink({ ...options.inventory, common, store, link: this });
    this.#router = createEventRouter({ ...common, clients: this.#clients });
  }

  get agentId(): string {
    return this.#agent.id;
  }

  get #clients(): readonly SyncClient[] {
    return [this.#attempts, this.#agents, this.#facts, ...this.#inventory.clients];
  }

  /** Aborts when the link is over. */
  get signal(): AbortSignal {
    this.#ended ??= new AbortController();
    if (this.#isOver) this.#ended.abort();
    return this.#ended.signal;
  }

  #end(): void {
    this.#isOver = true;
    this.#ended?.abort();
  }

  #answered(): void {
    if (this.#greetedAt === null) return;
    const { clock, onArrived, onResynced } = this.#options;
    onResynced(clock.monotonic() - this.#greetedAt);
    onArrived(this.agentId);
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
    const commits = this.#options.store.commits();
    if (commits === this.#told || this.#isOver) return;
    await this.#say(commits);
  }

  /** Tells the agent to open another channel, to another hub, so long from now, and to leave this one when that is up. */
  async tellLeaving(reconnectInMs: number): Promise<void> {
    this.#leaving = { reconnectInMs: Math.round(reconnectInMs) };
    await this.#say(this.#options.store.commits());
  }

  /** Nothing before the agent said hello: then it is told all of it. */
  async #say(commits: number): Promise<void> {
    if (this.#seen === null) return;
    this.#told = commits;
    try {
      await this.#channel.send(this.#hello(commits, this.#seen));
    } catch (error) {
      this.#logger.debug({ err: error }, 'hello not sent, the channel is gone');
    }
  }

  async close(reason: string, retryAfterMs?: number): Promise<void> {
    this.#end();
    await this.#channel.close(retryAfterMs === undefined ? { reason } : { reason, retryAfterMs });
  }

  #hello(commits: number, seen: { readonly commits: number | null; readonly isThisStart: boolean }): CloudEvent {
    const { clock, random, store, version } = this.#options;
    const hello: HubHello = {
      hub: hubSource,
      version,
      storeId: store.storeId,
      commits,
      startId: store.startId,
      commitsOfSeen: seen.isThisStart ? commits : seen.commits,
      leaseEpoch: this.leaseEpoch,
      agent: { id: this.#agent.id, name: this.#agent.name, account: this.#agent.account },
      protocols: [protocolVersion],
      leaving: this.#leaving,
    };
    const writer = createEventWriter({ source: hubSource, cluster: this.agentId, clock, random });
    return writer.write(helloType, { resourceid: hello.storeId }, { ...hello });
  }

  async #greet({ seen }: AgentHello): Promise<void> {
    const { store, onGreeted } = this.#options;
    // Both sides judge by the same count, and come to the same end.
    const told = store.commits();
    const commits = await onGreeted(this.#agent, { seen, leaseEpoch: this.leaseEpoch, commits: told });
    this.#seen = { commits, isThisStart: seen?.startId === store.startId };
    this.#told = told;
    await this.#channel.send(this.#hello(told, this.#seen));
  }

  /** Waits for the agent's hello, answers it, then serves until the channel ends. Never rejects. */
  async serve(): Promise<void> {
    let served: OpenLink | null = null;
    const waiting = this.#options.clock.schedule(helloTimeoutMs, () => void this.close('expected a hello'));
    try {
      for await (const event of this.#channel) {
        if (served !== null) {
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
        waiting.cancel();
        await this.#greet(agent);
        this.#greetedAt = this.#options.clock.monotonic();
        const holders = this.#options.fleet.get(this.agentId)?.keyHolders;
        if (holders?.greet(agent.bootId))
          this.#logger.warn({ problem: holders.problem }, 'key is shared by two agents');
        this.#logger.info({ version: agent.version, attempts: agent.attempts, epoch: this.leaseEpoch }, 'agent online');
        served = this.#router.open((out) => this.#channel.send(out));
        await this.#inventory.begin();
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'control channel failed');
      await this.#channel.close({ reason: 'invalid hello' });
    } finally {
      waiting.cancel();
      this.#end();
      await served?.close();
      await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
    }
    const reason = await this.#channel.closed;
    this.#logger.info(
      { reason: reason.type, detail: reason.type === 'failure' ? reason.error.message : undefined },
      'agent offline',
    );
  }
}
