import type { Random } from '../runtime/random.ts';

/** How long to wait before the next try: a window that doubles, and a random place in it, so that many who fail together come back apart. */
export interface Backoff {
  /** Milliseconds before the next try. The first is short. */
  next(): number;
  /** It went well: begin with the short one again. */
  reset(): void;
}

export function createBackoff(options: {
  readonly random: Random;
  /** Window of the first try. */
  readonly firstMs: number;
  /** Largest window. */
  readonly maxMs: number;
}): Backoff {
  let windowMs = options.firstMs;
  return {
    next() {
      const delayMs = options.random.fraction() * windowMs;
      windowMs = Math.min(windowMs * 2, options.maxMs);
      return delayMs;
    },
    reset() {
      windowMs = options.firstMs;
    },
  };
}
