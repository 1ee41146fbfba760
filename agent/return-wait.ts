import type { Random } from '../runtime/random.ts';
import { type Backoff, createBackoff } from './backoff.ts';

/** What a hub asked for: when to come back; null when it said nothing, or there is none. */
export type Hint = number | null;

/** From here on a hint is a pace of its own, which needs no window that grows. */
const pacingMs = 1_000;

/**
 * How long to wait before the next dial: as the hub asked, and a random part on top, so that those who were told the same come apart. A hub can
 * send nobody away for longer than `maxHintMs`, nor have him dial without a pause.
 */
export interface ReturnWait {
  next(hint: Hint): number;
  /** It went well: begin with the short window again. */
  reset(): void;
}

export function createReturnWait(options: {
  readonly random: Random;
  readonly firstMs: number;
  readonly maxMs: number;
  readonly maxHintMs: number;
}): ReturnWait {
  const backoff: Backoff = createBackoff(options);
  return {
    next(hint) {
      const askedMs = Math.min(Math.max(hint ?? 0, 0), options.maxHintMs);
      return askedMs + (askedMs >= pacingMs ? options.random.fraction() * pacingMs : backoff.next());
    },
    reset: () => backoff.reset(),
  };
}
