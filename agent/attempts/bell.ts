/**
 * Wakes one loop that looks at state which others change. A ring while nobody waits is kept, so a loop that looks, finds
 * nothing and waits cannot miss what came in between.
 */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, at once if one was kept, or when `signal` aborts. One waiter at a time. */
  wait(signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    wait(signal) {
      if (rung || signal.aborted) {
        rung = false;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        wake = () => {
          wake = null;
          rung = false;
          signal.removeEventListener('abort', stop);
          resolve();
        };
        const stop = () => wake?.();
        signal.addEventListener('abort', stop, { once: true });
      });
    },
  };
}
