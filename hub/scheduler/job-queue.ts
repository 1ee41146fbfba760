import { type LabelSelector, parseLabelSelector } from '../../protocol/label-selector.ts';

/** A queued job, as little of it as the queue needs: there may be very many. */
export interface QueuedJob {
  readonly id: string;
  readonly account: string;
  readonly automation: string;
  readonly selector: string;
  readonly priority: number;
  /** When it was submitted, in milliseconds since 1970. */
  readonly createdAt: number;
  /** Form of the automation that its parameters were validated against. */
  readonly digest: string | null;
  /** Digests of forms of the automation that its parameters were found not to fit. */
  readonly misfits: readonly string[];
}

/** Jobs of one account that ask the same of an agent, best first: higher priority, then older. An agent for one is one for each. */
export interface Lane {
  readonly account: string;
  readonly automation: string;
  readonly selector: LabelSelector;
  /** As it was written. */
  readonly selectorText: string;
  readonly misfits: readonly string[];
  readonly jobs: QueuedJob[];
}

interface AccountQueue {
  readonly lanes: Map<string, Lane>;
  size: number;
  /** When its next turn is, counted in turns; the account with the earliest is next. */
  turn: number;
}

export function isBefore(a: QueuedJob, b: QueuedJob): boolean {
  return a.priority === b.priority ? a.id < b.id : a.priority > b.priority;
}

/** Where `job` belongs among `jobs`: binary search, as lanes grow long. */
function placeOf(jobs: readonly QueuedJob[], job: QueuedJob): number {
  let low = 0;
  let high = jobs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = jobs[middle];
    if (other !== undefined && isBefore(other, job)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The queued jobs in memory, in the order in which they are to be served: accounts take turns, so that one that queues a
 * thousand jobs delays another by one job at a time; within an account priority decides, then age. Job ids are ordered by age.
 *
 * It is a copy of what the store says: losing it costs nothing, and a job in it that is no longer queued is refused by the store.
 */
export class JobQueue {
  readonly #accounts = new Map<string, AccountQueue>();
  /**
   * The turn that was had last. Whoever comes takes the one after it, behind those who wait for it already, so that neither
   * idleness nor coming with one job at a time earns anything; who could not be served catches nothing up.
   */
  #now = 0;
  readonly #jobs = new Map<string, QueuedJob>();

  get size(): number {
    return this.#jobs.size;
  }

  sizeOf(account: string): number {
    return this.#accounts.get(account)?.size ?? 0;
  }

  get(id: string): QueuedJob | undefined {
    return this.#jobs.get(id);
  }

  /** Nothing for one that is there already. */
  add(job: QueuedJob): void {
    if (this.#jobs.has(job.id)) return;
    const account = this.#accountOf(job);
    const lane = this.#laneOf(account, job);
    lane.jobs.splice(placeOf(lane.jobs, job), 0, job);
    account.size++;
    this.#jobs.set(job.id, job);
  }

  remove(id: string): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    this.#jobs.delete(id);
    const account = this.#accounts.get(job.account);
    const key = laneKey(job);
    const lane = account?.lanes.get(key);
    if (account === undefined || lane === undefined) return;
    const place = placeOf(lane.jobs, job);
    if (lane.jobs[place]?.id === id) lane.jobs.splice(place, 1);
    account.size--;
    if (lane.jobs.length === 0) account.lanes.delete(key);
    if (account.lanes.size === 0) this.#accounts.delete(job.account);
  }

  /** Accounts that have queued jobs, whose turn it is first. */
  accountsByTurn(): string[] {
    return [...this.#accounts].sort(([, a], [, b]) => a.turn - b.turn).map(([name]) => name);
  }

  /** Lanes of an account, the one with the best head first. */
  lanes(account: string): Lane[] {
    const lanes = [...(this.#accounts.get(account)?.lanes.values() ?? [])];
    return lanes.sort((a, b) => (isBefore(headOf(a), headOf(b)) ? -1 : 1));
  }

  /** How many lanes an account has, and up to `limit` of them, in no order that means anything: cheap, however many there are. */
  someLanes(account: string, limit: number): { readonly lanes: readonly Lane[]; readonly count: number } {
    const queue = this.#accounts.get(account);
    return { lanes: queue?.lanes.values().take(limit).toArray() ?? [], count: queue?.lanes.size ?? 0 };
  }

  /** The account has had its turn. */
  tookTurn(account: string): void {
    const queue = this.#accounts.get(account);
    if (queue === undefined) return;
    this.#now = Math.max(this.#now, queue.turn);
    queue.turn = this.#now + 1;
  }

  #accountOf(job: QueuedJob): AccountQueue {
    let account = this.#accounts.get(job.account);
    if (account === undefined) {
      account = { lanes: new Map(), size: 0, turn: this.#now + 1 };
      this.#accounts.set(job.account, account);
    }
    return account;
  }

  #laneOf(account: AccountQueue, job: QueuedJob): Lane {
    const key = laneKey(job);
    let lane = account.lanes.get(key);
    if (lane === undefined) {
      const { automation, misfits, selector: selectorText } = job;
      const selector = parseLabelSelector(selectorText);
      lane = { account: job.account, automation, selector, selectorText, misfits, jobs: [] };
      account.lanes.set(key, lane);
    }
    return lane;
  }
}

function laneKey(job: QueuedJob): string {
  return [job.automation, job.selector, ...job.misfits].join('\n');
}

function headOf(lane: Lane): QueuedJob {
  const [head] = lane.jobs;
  if (head === undefined) throw new Error('a lane without jobs is removed at once');
  return head;
}
