import type { JobRecord } from '../../hub/store/records.ts';
import { isFinal } from '../../protocol/job-state.ts';

/** Sees every state that a job ever had in the store, and says what may not follow each other: `docs/attempts.md` §1. */
export class StateWatch {
  readonly #last = new Map<string, JobRecord>();
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

  /** The store is another one from here on. */
  forget(): void {
    this.#last.clear();
  }
}
