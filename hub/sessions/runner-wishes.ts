import type { AttemptRecord } from '../store/records.ts';

type Listen = (attempt: AttemptRecord) => void;

/** A runner has no control channel: what becomes of its attempt meanwhile, it is told in its session. */
export class RunnerWishes {
  readonly #listening = new Map<string, Set<Listen>>();

  /** Whether a runner's session of this attempt is open. */
  has(attemptId: string): boolean {
    return this.#listening.has(attemptId);
  }

  /** `listen` is called with each change of the attempt, until it is disposed of. */
  listen(attemptId: string, listen: Listen): Disposable {
    const others = this.#listening.get(attemptId) ?? new Set();
    this.#listening.set(attemptId, others.add(listen));
    return {
      [Symbol.dispose]: () => {
        others.delete(listen);
        if (others.size === 0 && this.#listening.get(attemptId) === others) this.#listening.delete(attemptId);
      },
    };
  }

  changed(attempt: AttemptRecord): void {
    for (const listen of this.#listening.get(attempt.id) ?? []) listen(attempt);
  }
}
