import { rename } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Renames a file that grows again and again until `signal` aborts, as logrotate does: one old file stays. */
export async function rotateFile(
  path: string,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await delay(everyMs, undefined, { signal }).catch(() => {});
    // There is none before the first line.
    await rename(path, `${path}.1`).catch(() => {});
  }
}
