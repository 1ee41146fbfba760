interface Waiter {
  readonly offset: number;
  readonly wake: () => void;
}

/** Wakes readers when a log grows. In this process only: nobody polls a file. */
export class Growth {
  readonly #waiters = new Map<string, Set<Waiter>>();

  /** Resolves when `grew` tells of more than `offset`, at `wakeAll`, or when `signal` aborts. */
  wait(attempt: string, offset: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(attempt) ?? new Set<Waiter>();
      this.#waiters.set(attempt, waiters);
      const wake = () => {
        waiters.delete(waiter);
        if (waiters.size === 0 && this.#waiters.get(attempt) === waiters) this.#waiters.delete(attempt);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const waiter = { offset, wake };
      waiters.add(waiter);
      signal.addEventListener('abort', wake);
    });
  }

  grew(attempt: string, length: number): void {
    for (const waiter of this.#waiters.get(attempt) ?? []) if (length > waiter.offset) waiter.wake();
  }

  wakeAll(): void {
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.wake();
  }
}
