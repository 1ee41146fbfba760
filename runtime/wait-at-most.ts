import type { Clock } from './clock.ts';
import { sleep } from './sleep.ts';

/** Resolves when `work` settles well, or after `timeMs`. Rejects as `work` does by then. */
export async function waitAtMost(clock: Clock, timeMs: number, work: Promise<unknown> | null): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, sleep(clock, timeMs, over.signal)]);
  } finally {
    over.abort();
  }
}
