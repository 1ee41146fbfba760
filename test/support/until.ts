import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 10;

/** Polls until `look` answers something else than null, undefined and false. The bound is generous: it only ends what hangs. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  boundMs = 60_000,
): Promise<T> {
  const end = performance.now() + boundMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`expected ${what} within ${boundMs} ms, and it did not come`);
    await delay(pollMs);
  }
}
