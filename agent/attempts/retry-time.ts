import { NotNow } from '../executors/not-now.ts';

/** Where a platform cannot be asked, waits grow up to this. */
const longestMs = 30_000;

/** After how long a step that failed for the `tries + 1`st time is taken again: soon, and where a platform cannot be asked ever later. */
export function toRetryMs(retryMs: number, error: unknown, tries: number): number {
  if (!(error instanceof NotNow)) return retryMs;
  const grownMs = Math.min(retryMs * 2 ** tries, longestMs);
  return Math.max(grownMs, Math.min(error.retryAfterMs ?? 0, longestMs));
}
