import type { Clock } from '../../runtime/clock.ts';
import type { Loop, LoopBoard } from '../../runtime/loop-board.ts';
import type { Accepted } from '../../transports/listener.ts';
import type { AgentPrincipal } from '../identity/agent-principal.ts';
import type { AttemptRecord } from '../store/records.ts';
import { type AgentLinkOptions, ServedLink } from './agent-link.ts';
import type { Arrivals } from './arrivals.ts';
import { createInventoryKinds } from './inventory-resource.ts';
import { InventoryWriter } from './inventory-writer.ts';
import { factsAllowance, inventoryAllowance, NewsBudget } from './news-budget.ts';
import { SharedTurns } from './shared-turns.ts';

export type AcceptedControl = Extract<Accepted<AgentPrincipal>, { type: 'control' }>;

export interface ControlServiceOptions
  extends Omit<AgentLinkOptions, 'factsBudget' | 'inventory' | 'turns' | 'onArrived'> {
  /** This hub process among others. */
  readonly owner: string;
  readonly loops: LoopBoard;
  /** It is an agent no more: whatever else it has open is to be cut. */
  readonly onGone: (agentId: string) => void;
  /** Says when those should come back whom it cannot keep. */
  readonly arrivals: Pick<Arrivals, 'arrived' | 'nextTurnMs'>;
}

/** How long a lease holds without being renewed, and how often it is. */
const leaseMs = 30_000;
export const renewEveryMs = 10_000;
export const tellCommitsEveryMs = 2_000;
/** What an agent is told whose channel is cut. */
const goneReason = 'this agent was revoked';
/** Agents that come close behind each other share commits: a flush of the disk for each would be most of what a storm costs. */
const commitEveryMs = 20;

/**
 * Serves control channels: each takes its agent's lease at once (a newer channel of the same agent replaces an older one), and
 * gives it back when it ends.
 */
export class ControlService implements AsyncDisposable {
  readonly #options: ControlServiceOptions;
  readonly #clock: Clock;
  readonly #linkOptions: AgentLinkOptions;
  readonly #turns: SharedTurns;
  readonly #writer: InventoryWriter;
  readonly #links = new Map<ServedLink, Promise<void>>();
  readonly #working = new Set<Promise<void>>();
  /** Agents whose attempts changed since they were last told of the store's counter. */
  readonly #given = new Set<string>();
  readonly #loop: Loop;
  #stopping = false;

  constructor(options: ControlServiceOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#turns = new SharedTurns({ clock: options.clock, everyMs: commitEveryMs });
    this.#writer = new InventoryWriter({
      ...options,
      budget: new NewsBudget({ clock: options.clock, ...inventoryAllowance }),
    });
    this.#linkOptions = {
      ...options,
      factsBudget: new NewsBudget({ clock: options.clock, ...factsAllowance }),
      inventory: { kinds: createInventoryKinds(), writer: this.#writer },
      turns: this.#turns,
      onArrived: (agentId) => options.arrivals.arrived(agentId),
    };
    this.#loop = options.loops.open('control channels', { words: () => this.#describe() });
  }

  /** Never throws; the channel is served in the background until it ends or this is disposed. */
  accept(accepted: AcceptedControl): void {
    this.#track(this.#accept(accepted));
  }

  async #accept(accepted: AcceptedControl): Promise<void> {
    try {
      const link = await this.#take(accepted);
      if (link === null) return;
      const serving = this.#serve(link);
      this.#links.set(link, serving);
      void serving.finally(() => this.#links.delete(link));
    } catch (error) {
      this.#options.logger.error({ err: error, agent: accepted.principal.name }, 'control channel could not be taken');
      this.#loop.failed(error);
      await this.#sendAway(accepted, 'the hub cannot take the agent now');
    }
  }

  /**
   * Tells the agent at once that an attempt is to be cancelled. Everything else that changes in a spec (that its document was
   * sent) the session told already, or the next comparison finds.
   */
  attemptChanged(attempt: AttemptRecord): void {
    this.#given.add(attempt.agentId);
    if (attempt.desired === 'cancel') this.#options.fleet.get(attempt.agentId)?.link?.publishAttempt(attempt);
  }

  /** Reads the agent anew, and tells it what is wished of it if that changed. Never throws. */
  agentChanged(agentId: string): void {
    this.#track(this.#refresh(agentId));
  }

  /** Tells the counter of the store to those who have been given something since. */
  async tellCommits(): Promise<void> {
    const links = [...this.#links.keys()].filter((link) => this.#given.has(link.agentId));
    this.#given.clear();
    await Promise.all(links.map((link) => link.tellCommits()));
  }

  /** Control channels that are served here. */
  get count(): number {
    return this.#links.size;
  }

  /** What is being stored of nodes and apps. */
  get inventory(): Pick<InventoryWriter, 'refused'> {
    return this.#writer;
  }

  /**
   * This hub is leaving: tells each agent to open another channel, each at another time. They stay until they have one, or until this is disposed.
   */
  async tellLeaving(): Promise<void> {
    const { arrivals } = this.#options;
    await Promise.all([...this.#links.keys()].map((link) => link.tellLeaving(arrivals.nextTurnMs())));
  }

  /** Keeps the leases of all that are connected here; those that somebody else took are let go. */
  async renewLeases(): Promise<void> {
    // One that another took over from is being closed: its lease is gone, and the other's is not.
    const links = [...this.#links.keys()].filter((link) => this.#options.fleet.get(link.agentId)?.link === link);
    if (links.length === 0) return;
    const at = this.#clock.now();
    const answer = await this.#options.store.apply('renew-leases', {
      owner: this.#options.owner,
      leases: links.map((link) => ({ agentId: link.agentId, epoch: link.leaseEpoch })),
      expiresAt: at + leaseMs,
      at,
    });
    const gone = new Set(answer.gone);
    await Promise.all(links.filter((link) => gone.has(link.agentId)).map((link) => link.close('replaced')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#turns[Symbol.dispose]();
    await Promise.all(this.#working);
    const links = [...this.#links];
    await Promise.all(links.map(([link]) => link.close('the hub is stopping', this.#options.arrivals.nextTurnMs())));
    await Promise.all(links.map(([, serving]) => serving));
    await this.#writer[Symbol.asyncDispose]();
    this.#loop[Symbol.dispose]();
  }

  #describe(): string {
    const { online, offline } = this.#options.fleet.count();
    return `${online} agents are online, ${offline} are not`;
  }

  #track(work: Promise<void>): void {
    this.#working.add(work);
    void work.finally(() => this.#working.delete(work));
  }

  async #refresh(agentId: string): Promise<void> {
    const { store, fleet, logger } = this.#options;
    try {
      const record = await store.queries.agent(agentId);
      if (record === null || record.revokedAt !== null) return await this.#cut(agentId);
      const before = fleet.get(agentId)?.record.desiredVersion;
      const agent = fleet.put(record);
      if (before !== record.desiredVersion) agent.link?.publishDesired(record);
    } catch (error) {
      logger.warn({ err: error, agent: agentId }, 'agent could not be read anew');
    }
  }

  /** It was revoked, or removed. */
  async #cut(agentId: string): Promise<void> {
    const { fleet, logger, onGone } = this.#options;
    if (fleet.isGone(agentId)) return;
    const link = fleet.remove(agentId);
    onGone(agentId);
    logger.info({ agent: agentId, online: link !== null }, 'agent revoked or removed');
    await link?.close(goneReason);
  }

  async #sendAway({ channel, principal }: AcceptedControl, reason: string): Promise<void> {
    const { arrivals } = this.#options;
    arrivals.arrived(principal.id);
    await channel.close({ reason, retryAfterMs: arrivals.nextTurnMs() });
  }

  async #take(accepted: AcceptedControl): Promise<ServedLink | null> {
    const { channel, principal, remote } = accepted;
    const { store, fleet, owner } = this.#options;
    await this.#turns.turn();
    const at = this.#clock.now();
    const lease = await store.apply('take-lease', {
      agentId: principal.id,
      owner,
      expiresAt: at + leaseMs,
      remote,
      at,
    });
    if (lease.type === 'unknown' || this.#stopping || fleet.isGone(principal.id)) {
      await this.#sendAway(accepted, this.#stopping ? 'the hub is stopping' : 'unknown agent');
      return null;
    }
    // An older copy than what `#refresh` may have read since is no news.
    if (fleet.get(principal.id) === undefined) fleet.put(lease.agent);
    // The fleet's own words for it, so that they are kept once.
    const agent = fleet.get(principal.id) ?? principal;
    return new ServedLink(channel, { agent, leaseEpoch: lease.epoch }, this.#linkOptions);
  }

  async #serve(link: ServedLink): Promise<void> {
    const { store, fleet, owner, logger } = this.#options;
    const earlier = fleet.connected(link.agentId, link);
    const closing = fleet.isGone(link.agentId) ? link.close(goneReason) : earlier?.close('replaced');
    this.#loop.turned();
    await link.serve();
    this.#options.arrivals.arrived(link.agentId);
    await closing;
    fleet.disconnected(link.agentId, link);
    try {
      await store.apply('release-lease', {
        agentId: link.agentId,
        owner,
        epoch: link.leaseEpoch,
        at: this.#clock.now(),
      });
    } catch (error) {
      logger.warn({ err: error, agent: link.agentId }, 'lease not given back; it expires by itself');
    }
  }
}
