import type { AttemptRecord, JobRecord } from '../../hub/store/records.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export interface LateCancelsOptions {
  /** The attempt's document lies in a folder, or something of it was started. */
  readonly isActedOn: (attempt: string) => boolean;
  /** There is a session through which a document may still come. */
  readonly hasSession: (attempt: string) => boolean;
}

/**
 * Knows which jobs must not start any more: those whose cancel was stored before any of their documents could be acted on
 * (the model's sixth invariant). A document could be acted on when it was on its way in an open session, in the hands of an agent that lived,
 * or on its disk.
 */
export class LateCancels {
  readonly #options: LateCancelsOptions;
  /** Attempts that were given their documents, by job. */
  readonly #given = new Map<string, Set<string>>();
  readonly #received = new Map<string, SimulatedProcess>();
  readonly #mustNotStart = new Set<string>();
  readonly #cancelled = new Set<string>();

  constructor(options: LateCancelsOptions) {
    this.#options = options;
  }

  mustNotStart(job: string): boolean {
    return this.#mustNotStart.has(job);
  }

  /** A process that may run it reads the document of an attempt. */
  received(attempt: string, by: SimulatedProcess): void {
    this.#received.set(attempt, by);
  }

  /** One that is handed over is given to its runner, not to its agent. */
  seeAttempt(attempt: AttemptRecord): void {
    if (attempt.documentSentAt === null || (attempt.handover !== null && attempt.handover.runner === null)) return;
    const given = this.#given.get(attempt.jobId) ?? new Set();
    this.#given.set(attempt.jobId, given.add(attempt.id));
  }

  seeJob({ id, cancelRequestedAt }: JobRecord): void {
    if (cancelRequestedAt === null || this.#cancelled.has(id)) return;
    this.#cancelled.add(id);
    const given = [...(this.#given.get(id) ?? [])];
    if (!given.some((attempt) => this.#mayStart(attempt))) this.#mustNotStart.add(id);
  }

  /** The store is another one from here on: it may not know of the cancel. */
  forget(): void {
    this.#mustNotStart.clear();
    this.#cancelled.clear();
  }

  #mayStart(attempt: string): boolean {
    const { isActedOn, hasSession } = this.#options;
    return this.#received.get(attempt)?.isAlive === true || isActedOn(attempt) || hasSession(attempt);
  }
}
