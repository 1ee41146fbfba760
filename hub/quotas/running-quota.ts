import type { WaitingReason } from '../../protocol/job.ts';
import type { AttemptRecord } from '../store/records.ts';
import { type AccountQuotas, noLimits } from './account-quotas.ts';
import { RunningJobs } from './running-jobs.ts';

/** What an agent lacks at this moment and will have again by itself. */
const passing: readonly WaitingReason[] = ['slots', 'automation-busy'];

/** Which accounts have as many jobs on agents as they may. They are held until one of those is over, and nobody else for them. */
export class RunningQuota {
  readonly #quotas: Pick<AccountQuotas, 'of' | 'revision'>;
  readonly #running = new RunningJobs();

  /** Without quotas nobody is held. */
  constructor(quotas: Pick<AccountQuotas, 'of' | 'revision'> = { of: () => noLimits, revision: 0 }) {
    this.#quotas = quotas;
  }

  /** Another number whenever somebody may be held who was not, or no more. */
  get revision(): number {
    return this.#running.revision + this.#quotas.revision;
  }

  /** How many jobs of the account agents have. */
  running(account: string): number {
    return this.#running.of(account);
  }

  holds(account: string): boolean {
    return this.#running.of(account) >= this.#quotas.of(account).runningJobs;
  }

  began(attemptId: string, account: string): void {
    this.#running.began(attemptId, account);
  }

  ended(attemptId: string): void {
    this.#running.ended(attemptId);
  }

  /** True when its account was held until now, and is no more. */
  attemptChanged(attempt: AttemptRecord): boolean {
    const wasHeld = this.holds(attempt.account);
    this.#running.attemptChanged(attempt);
    return wasHeld && !this.holds(attempt.account);
  }

  /** Why a job of the account waits, where `reason` is what an agent lacks: null, when the agent lacks nothing. */
  reasonFor(account: string, reason: WaitingReason | null): WaitingReason | null {
    return (reason === null || passing.includes(reason)) && this.holds(account) ? 'quota' : reason;
  }
}
