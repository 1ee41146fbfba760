import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../../runtime/clock.ts';
import type { WatchFolder } from '../../attempts/raw-watch.ts';

const shortestWaitMs = 1;
const longestWaitMs = 250;

/**
 * Resolves with what `check` returns once it is not null, or with null when `signal` aborts. It looks at once, when
 * something happens at `path` (a file, or the names and files in a folder; only those called `name`, if given), and in
 * between at ever longer times up to `longestWaitMs`, because notices are lost or not to be had. A `check` that fails
 * says: not yet.
 */
export function watchFor<T>(options: {
  readonly path: string;
  readonly name?: string;
  readonly check: () => Promise<T | null>;
  /** What tells of changes; left out: the kernel. */
  readonly watchFolder?: WatchFolder;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<T | null> {
  const { path, name, check, watchFolder, clock, signal } = options;
  return new Promise((resolve) => {
    let ended = false;
    let checking = false;
    let noticed = false;
    const watcher = open();
    let waitMs = watcher === null ? shortestWaitMs : longestWaitMs / 8;
    let timer = clock.schedule(0, look);

    function notice(): void {
      waitMs = shortestWaitMs;
      look();
    }

    function open(): { close(): void } | null {
      if (watchFolder !== undefined) return watchFolder(path, notice);
      try {
        const opened: FSWatcher = watch(path, (_, changed) => {
          if (name === undefined || changed === null || changed === name) notice();
        }).on('error', () => opened.close());
        return opened;
      } catch {
        // No more watches to be had: the waits below still find it.
        return null;
      }
    }

    function finish(value: T | null): void {
      ended = true;
      timer.cancel();
      watcher?.close();
      signal.removeEventListener('abort', giveUp);
      resolve(value);
    }

    function giveUp(): void {
      finish(null);
    }

    function look(): void {
      noticed = true;
      if (!checking && !ended) void lookAgain();
    }

    async function lookAgain(): Promise<void> {
      checking = true;
      while (noticed && !ended) {
        noticed = false;
        const value = await check().catch(() => null);
        if (value !== null && !ended) finish(value);
      }
      checking = false;
      if (ended) return;
      timer.cancel();
      timer = clock.schedule(waitMs, look);
      waitMs = Math.min(2 * waitMs, longestWaitMs);
    }

    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp);
  });
}
