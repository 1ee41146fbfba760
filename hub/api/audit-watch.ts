import type { Store } from '../store/store.ts';

/** Wakes whoever waits for new audit events. One subscription to the store, however many wait. */
export class AuditWatch implements Disposable {
  readonly #waiting = new Set<() => void>();
  readonly #subscription: Disposable;

  constructor(store: Store) {
    this.#subscription = store.subscribe((changes) => {
      if (!changes.some((change) => change.type === 'audit')) return;
      for (const wake of this.#waiting) wake();
    });
  }

  /** Resolves at the next event of any account, or when `signal` aborts. */
  next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}
