import type { Random } from '../../runtime/random.ts';
import type { HubMetrics } from '../metrics/hub-metrics.ts';
import type { AccountLimits, AccountQuotas } from '../quotas/account-quotas.ts';
import type { Store } from '../store/store.ts';
import type { ApiLimits } from './api-limits.ts';
import { ApiProblem } from './api-problem.ts';
import type { HubView } from './hub-view.ts';

/** What has no room for another job. */
export const fullPlaces = ['account-queue', 'account-logs', 'queue', 'store'] as const;
export type FullPlace = (typeof fullPlaces)[number];

/** A queue gets shorter as agents take jobs, the store has room again as soon as it has committed. */
const queueRetrySeconds = 10;
const storeRetrySeconds = 2;

/**
 * Refuses submissions that the hub has no room for, before anything is stored of them: whoever was answered 201 was counted before. Throws
 * `ApiProblem` (`too-many`, `quota-exceeded`), which says what is full, how much fits, which key says so, and when to come again.
 */
export class SubmissionGate {
  readonly #view: Pick<HubView, 'queued'>;
  readonly #store: Pick<Store, 'commandsWaiting' | 'queries'>;
  readonly #metrics: Pick<HubMetrics, 'refusals'>;
  readonly #random: Random;
  readonly #limits: ApiLimits;
  readonly #quotas: AccountQuotas;
  #underWay = 0;

  constructor(options: {
    readonly view: Pick<HubView, 'queued'>;
    readonly store: Pick<Store, 'commandsWaiting' | 'queries'>;
    readonly metrics: Pick<HubMetrics, 'refusals'>;
    readonly random: Random;
    readonly limits: ApiLimits;
    readonly quotas: AccountQuotas;
  }) {
    this.#view = options.view;
    this.#store = options.store;
    this.#metrics = options.metrics;
    this.#random = options.random;
    this.#limits = options.limits;
    this.#quotas = options.quotas;
  }

  /** Also asked before the body is read: under a flood a refusal must cost next to nothing. */
  checkStore(): void {
    const { submissionsAtOnce } = this.#limits;
    if (Math.max(this.#underWay, this.#store.commandsWaiting()) < submissionsAtOnce) return;
    this.#refuse({
      what: 'store',
      limit: submissionsAtOnce,
      key: 'FARHAND_MAX_SUBMISSIONS',
      detail: `${submissionsAtOnce} changes wait for the hub's store`,
      retrySeconds: storeRetrySeconds,
    });
  }

  /** Each job that waits takes memory of the hub. */
  checkQueue(account: string): void {
    const { queuedJobsInAll } = this.#limits;
    const { queuedJobs } = this.#quotas.of(account);
    if (this.#view.queued(account) >= queuedJobs) {
      this.#refuse({
        what: 'account-queue',
        limit: queuedJobs,
        key: this.#keyOf(account, 'queuedJobs', 'FARHAND_MAX_QUEUED_JOBS'),
        detail: `${queuedJobs} jobs of this account wait for an agent; cancel some, or wait until fewer do`,
        retrySeconds: queueRetrySeconds,
      });
    }
    if (this.#view.queued(null) >= queuedJobsInAll) {
      this.#refuse({
        what: 'queue',
        limit: queuedJobsInAll,
        key: 'FARHAND_MAX_QUEUED_JOBS_IN_ALL',
        detail: `${queuedJobsInAll} jobs of all accounts wait for an agent`,
        retrySeconds: queueRetrySeconds,
      });
    }
  }

  /**
   * Logs of ended jobs only: what runs may go on as long as it likes, and is stored whole. Time alone does not help, so it is no `too-many`.
   * Throws `ApiProblem` (`quota-exceeded`).
   */
  async checkLogs(account: string): Promise<void> {
    const { logBytes: limit } = this.#quotas.of(account);
    if (limit === Infinity) return;
    const { logBytes } = await this.#store.queries.account(account);
    if (logBytes < limit) return;
    this.#metrics.refusals.submission('account-logs');
    const key = this.#keyOf(account, 'logBytes', 'FARHAND_MAX_LOG_BYTES');
    throw new ApiProblem(
      'quota-exceeded',
      `the logs of this account take ${logBytes} bytes, and it may have ${limit} (${key}). Nothing was stored: ask who runs the hub for more, or wait until old jobs are removed`,
      { full: { what: 'account-logs', limit, key } },
    );
  }

  #keyOf(account: string, name: keyof AccountLimits, variable: string): string {
    return this.#quotas.isOwn(account, name) ? `quotas.${name}` : variable;
  }

  /** A submission is under way until what is returned is disposed of. */
  begin(): Disposable {
    this.checkStore();
    this.#underWay += 1;
    return { [Symbol.dispose]: () => void (this.#underWay -= 1) };
  }

  #refuse({
    what,
    limit,
    key,
    detail,
    retrySeconds,
  }: {
    readonly what: FullPlace;
    readonly limit: number;
    readonly key: string;
    readonly detail: string;
    readonly retrySeconds: number;
  }): never {
    this.#metrics.refusals.submission(what);
    // Those who are refused together are not to come back together.
    const seconds = Math.ceil(retrySeconds * (0.5 + this.#random.fraction()));
    throw new ApiProblem(
      'too-many',
      `${detail}. Nothing was stored: send it again after Retry-After (${key}: ${limit})`,
      {
        headers: { 'retry-after': String(seconds) },
        full: { what, limit, key },
      },
    );
  }
}
