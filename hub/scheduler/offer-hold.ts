import type { SeenStore } from '../../protocol/seen-store.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { serves } from '../account.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AgentPrincipal } from '../identity/agent-principal.ts';
import type { AgentAhead, StartRecord } from '../store/records.ts';
import type { Change, Store } from '../store/store.ts';

/**
 * Why no job is offered to anybody:
 *
 * - `hub-starting`: an agent that was there before the start may know that the store is an older copy, and has not come back yet
 * - `store-behind`: one came, and knows it
 */
export type HoldReason = 'hub-starting' | 'store-behind';

export interface OfferHoldOptions {
  readonly store: Pick<Store, 'storeId' | 'startId' | 'commits' | 'queries' | 'apply'>;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An agent that lives dials again within less, whenever its hub comes back. */
export const gatherMs = 20_000;
/** Who was heard of so long before the last who was heard of was there when the store was last written. Leases are renewed more often. */
const thereMs = 60_000;

const problem =
  'an agent has seen this store further than it is: it is an older copy that was put back, and jobs that wait may have run since. None is offered ' +
  'until somebody looks at them and says `farhand trust-store`, or each agent that distrusts the hub is told `farhand agent trust-hub` on its machine';

/**
 * Keeps a hub from offering jobs that may have run. A store whose files were put back does not know of itself that it is older than it was; agents know
 * how far they saw it (`docs/attempts.md` §6). So a hub that starts waits for those that were there, a bounded time; and where one knows more, nothing is
 * offered until the agent says otherwise or somebody trusts the store. Sessions, results and cancels go on. The word of an agent is about the jobs that it
 * may have run: those of the accounts that it serves.
 */
export class OfferHold implements Disposable {
  readonly #store: OfferHoldOptions['store'];
  readonly #fleet: Fleet;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Agents that were there before this start and did not come back yet, by their accounts. Null before that is known. */
  #awaited: Map<string, Set<string>> | null = null;
  /** Those that know more. */
  #ahead: readonly Pick<AgentAhead, 'id' | 'account'>[] = [];
  /** Attempts that stood offered when the hub started. */
  #offeredBefore: string[] = [];
  #patience: Timer | null = null;
  #revision = 0;
  #onReleased: () => void = () => {};

  constructor({ store, fleet, clock, logger }: OfferHoldOptions) {
    this.#store = store;
    this.#fleet = fleet;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Why jobs of the account are offered to nobody; null when they are. */
  reasonFor(account: string): HoldReason | null {
    if (this.#ahead.some((agent) => serves(agent.account, account))) return 'store-behind';
    if (this.#awaited === null) return 'hub-starting';
    for (const awaited of this.#awaited.keys()) if (serves(awaited, account)) return 'hub-starting';
    return null;
  }

  /** What somebody has to do before jobs are offered again; null when nobody has to. Names nobody. */
  get problem(): string | null {
    return this.#ahead.length === 0 ? null : problem;
  }

  /** Another number after each change of what `reasonFor` may say. */
  get revision(): number {
    return this.#revision;
  }

  /** Calls `listener` whenever jobs may be offered that were not. */
  onReleased(listener: () => void): void {
    this.#onReleased = listener;
  }

  /** What is there when the hub starts. */
  loaded(change: Change): void {
    if (change.type === 'attempt' && change.attempt.state === 'offered') this.#offeredBefore.push(change.attempt.id);
  }

  /** Once all that the store holds was taken in. */
  async begin(): Promise<void> {
    const ahead = await this.#store.queries.agentsAhead();
    this.#awaited = findThere(this.#fleet);
    this.#setAhead(ahead);
    if (this.#awaited.size > 0)
      this.#patience = this.#clock.schedule(gatherMs, () => this.#stopWaiting(), { background: true });
  }

  /** An agent was revoked, or the store is trusted: what holds up the offers is looked at anew. Never throws. */
  agentChanged(): void {
    if (this.#ahead.length === 0) return;
    this.#lookAgain().catch((error: unknown) => {
      this.#logger.error({ err: error }, 'cannot see whether jobs may be offered again');
    });
  }

  /**
   * An agent came and said what it has seen; it is told that the store has so many commits. Answers how many commits the start that it names has had; null for one that is not in the past of this store.
   * Rejects with `StoreError`; what the agent knows counts all the same.
   */
  async greeted(
    agent: AgentPrincipal,
    said: { readonly seen: SeenStore | null; readonly leaseEpoch: number; readonly commits: number },
  ): Promise<number | null> {
    const store = this.#store;
    const { seen, leaseEpoch, commits } = said;
    const isOurs = seen !== null && seen.storeId === store.storeId;
    const start = isOurs && seen.startId !== null ? await store.queries.start(seen.startId) : null;
    if (isOurs && (seen.leaseEpoch >= leaseEpoch || isAhead(seen, { start, commits }))) await this.#doubt(agent, seen);
    else if (this.#ahead.some(({ id }) => id === agent.id)) {
      await store.apply('clear-doubt', { agentId: agent.id, at: this.#clock.now() });
      await this.#lookAgain();
    }
    this.#arrived(agent);
    return start === null ? null : (start.overAt ?? commits);
  }

  [Symbol.dispose](): void {
    this.#patience?.cancel();
  }

  #arrived({ id, account }: AgentPrincipal): void {
    const awaited = this.#awaited?.get(account);
    if (awaited?.delete(id) !== true || awaited.size > 0) return;
    this.#awaited?.delete(account);
    this.#changed();
  }

  async #lookAgain(): Promise<void> {
    this.#setAhead(await this.#store.queries.agentsAhead());
  }

  async #doubt(agent: AgentPrincipal, { startId, commits }: SeenStore): Promise<void> {
    const store = this.#store;
    const offered = this.#offeredBefore;
    const at = this.#clock.now();
    let holds = true;
    try {
      const input = { agentId: agent.id, startId: startId ?? '', commits, offered, at };
      ({ holds } = await store.apply('doubt-store', input));
      this.#offeredBefore = [];
    } finally {
      const places = { seenStart: startId, seenCommits: commits, start: store.startId, commits: store.commits() };
      this.#logger.error({ agent: agent.name, ...places, holds }, 'an agent has seen this store further than it is');
      if (holds) this.#setAhead([...this.#ahead.filter(({ id }) => id !== agent.id), agent]);
    }
  }

  #stopWaiting(): void {
    const awaited = [...(this.#awaited?.values() ?? [])].reduce((sum, { size }) => sum + size, 0);
    this.#awaited = new Map();
    this.#logger.info({ awaited }, 'not all agents that were here are back; jobs are offered without them');
    this.#changed();
  }

  #setAhead(ahead: readonly Pick<AgentAhead, 'id' | 'account'>[]): void {
    const before = this.#ahead.length;
    this.#ahead = ahead;
    if (before > 0 && ahead.length === 0) this.#logger.info({}, 'jobs are offered again');
    this.#changed();
  }

  #changed(): void {
    this.#revision++;
    if (this.#awaited?.size === 0) this.#patience?.cancel();
    this.#onReleased();
  }
}

function isAhead(
  seen: SeenStore,
  { start, commits }: { readonly start: StartRecord | null; readonly commits: number },
): boolean {
  if (seen.startId !== null && start === null) return true;
  return seen.commits > (start?.overAt ?? commits);
}

/** Agents that were there when the store was last written, which may be long ago, by their accounts. */
function findThere(fleet: Fleet): Map<string, Set<string>> {
  const agents = [...fleet.all()].map(({ id, account, record }) => ({ id, account, at: record.lastSeenAt ?? 0 }));
  const last = agents.reduce((latest, { at }) => Math.max(latest, at), 0);
  const there = Map.groupBy(
    agents.filter(({ at }) => at > 0 && at >= last - thereMs),
    ({ account }) => account,
  );
  return new Map([...there].map(([account, ones]) => [account, new Set(ones.map(({ id }) => id))]));
}
