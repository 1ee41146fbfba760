import type { AttemptRecord, JobRecord } from '../../hub/store/records.ts';
import { compareSessions } from '../../hub/store/session-order.ts';
import { isFinal } from '../../protocol/job-state.ts';

/** Sees every state that a job ever had in the store, and says what may not follow each other: `docs/attempts.md` §1. */
export class StateWatch {
  readonly #last = new Map<string, JobRecord>();
  readonly #attempts = new Map<string, AttemptRecord>();
  readonly #violates: (violation: string) => void;

  constructor(violates: (violation: string) => void) {
    this.#violates = violates;
  }

  see(job: JobRecord): void {
    const before = this.#last.get(job.id);
    this.#last.set(job.id, job);
    if (before === undefined) return;
    const way = `job ${job.id}: ${before.state} (${before.cause}) → ${job.state} (${job.cause})`;
    if (before.state === job.state && before.cause === job.cause) return;
    if (isFinal(before.state)) {
      if (before.state !== 'lost' || before.cause !== 'agent-lost') this.#violates(`a final state changed: ${way}`);
      else if (!isFinal(job.state)) this.#violates(`an ended job goes on: ${way}`);
    }
    if (job.state === 'queued' && before.state === 'running' && before.cancelRequestedAt !== null)
      this.#violates(`a cancelled job is tried again: ${way}`);
    if (before.cancelRequestedAt !== null && job.cancelRequestedAt === null)
      this.#violates(`a cancel is forgotten: ${way}`);
  }

  /** Every attempt that was seen. */
  attempts(): readonly string[] {
    return [...this.#attempts.keys()];
  }

  /** The job as it was last; null when nobody ever saw it. */
  last(job: string): JobRecord | null {
    return this.#last.get(job) ?? null;
  }

  seeAttempt(attempt: AttemptRecord): void {
    const before = this.#attempts.get(attempt.id)?.sessionEpoch ?? null;
    this.#attempts.set(attempt.id, attempt);
    const now = attempt.sessionEpoch;
    if (before !== null && (now === null || compareSessions(now, before) < 0))
      this.#violates(`attempt ${attempt.id}: an older session took the place of a newer one`);
  }

  /** Retention takes nothing of a job that is not over. */
  logRemoved(attempt: string): void {
    const job = this.last(this.#attempts.get(attempt)?.jobId ?? '');
    if (job !== null && !isFinal(job.state))
      this.#violates(`the log of attempt ${attempt} is removed while job ${job.id} is ${job.state}`);
  }

  /** The store is another one from here on. */
  forget(): void {
    this.#last.clear();
    this.#attempts.clear();
  }
}
