import type { Clock } from '../../runtime/clock.ts';

/** How fast calls are made: so many at once, and so many a second after that. Who comes first goes first. */
export interface TokenBucket {
  /** Resolves when the call may be made, with how long it waited. Rejects with the signal's reason. */
  take(options: { readonly signal: AbortSignal }): Promise<number>;
}

export function createTokenBucket(options: {
  readonly perSecond: number;
  readonly burst: number;
  readonly clock: Clock;
}): TokenBucket {
  const { perSecond, burst, clock } = options;
  const everyMs = 1000 / perSecond;
  /** When the bucket would be full again if nobody took any more. */
  let fullAt = clock.monotonic();
  return {
    async take({ signal }) {
      signal.throwIfAborted();
      const now = clock.monotonic();
      fullAt = Math.max(fullAt, now) + everyMs;
      const waitMs = Math.max(0, fullAt - now - burst * everyMs);
      if (waitMs === 0) return 0;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = clock.schedule(waitMs, resolve, { background: true });
      const abort = () => {
        // The place in the row is given back only to those who come later: nobody who waits is called earlier.
        fullAt -= everyMs;
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        await promise;
      } finally {
        timer.cancel();
        signal.removeEventListener('abort', abort);
      }
      return waitMs;
    },
  };
}
