import type { Clock } from './clock.ts';

/** Resolves after `delayMs` on `clock`, or at once when `signal` aborts: a sleeper looks at the signal, nobody catches. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      timer.cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.schedule(delayMs, finish);
    signal.addEventListener('abort', finish);
  });
}
