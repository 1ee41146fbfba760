import { watch } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';
import { type Bell, createBell } from './bell.ts';

/** Calls `onChange` after something in the folder changed. May miss changes and may never call: whoever needs to know polls too. */
export type WatchFolder = (path: string, onChange: () => void) => { close(): void };

/** The kernel's word where it has one to give (inotify); nothing where it has run out of watches. */
export const systemWatchFolder: WatchFolder = (path, onChange) => {
  try {
    const watcher = watch(path, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return { close: () => {} };
  }
};

/** However fast a job prints, its file is looked at no more often than this. */
const restMs = 5;

export interface RawWatchOptions {
  readonly clock: Clock;
  readonly folder: string;
  readonly watchFolder: WatchFolder;
  /** The longest time for which growth is not seen when nothing tells of it. */
  readonly pollMs: number;
  readonly look: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Looks at a growing file whenever it may have grown, until `signal` aborts. Its owner awaits it. */
export async function watchRaw(options: RawWatchOptions): Promise<void> {
  const { clock, signal } = options;
  const changed: Bell = createBell();
  const watcher = options.watchFolder(options.folder, () => changed.ring());
  try {
    while (!signal.aborted) {
      await options.look();
      await sleep(clock, restMs, signal);
      const poll = clock.schedule(options.pollMs, () => changed.ring(), { background: true });
      await changed.wait(signal);
      poll.cancel();
    }
  } finally {
    watcher.close();
  }
}
