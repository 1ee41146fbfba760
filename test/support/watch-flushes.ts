import { readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** What of this process was flushed through a `FileHandle` since it was made: paths, in order, each when its flush had ended. */
export interface WatchedFlushes extends Disposable {
  readonly paths: string[];
  /** Runs when the disk has it, before whoever asked is told. */
  onFlushed: (path: string) => Promise<void>;
}

/** Disposing ends the watch. One at a time. Reads paths from `/proc`. */
export async function watchFlushes(): Promise<WatchedFlushes> {
  await using sample = await open('/proc/self/status', 'r');
  const prototype: Record<'sync' | 'datasync', (this: { readonly fd: number }) => Promise<void>> =
    Object.getPrototypeOf(sample);
  const { sync, datasync } = prototype;
  const paths: string[] = [];
  const watch = (flush: typeof sync): typeof sync =>
    async function flushed() {
      const path = readlinkSync(`/proc/self/fd/${this.fd}`);
      await flush.call(this);
      paths.push(path);
      await watched.onFlushed(path);
    };
  Object.assign(prototype, { sync: watch(sync), datasync: watch(datasync) });
  const watched: WatchedFlushes = {
    paths,
    onFlushed: async () => {},
    [Symbol.dispose]: () => void Object.assign(prototype, { sync, datasync }),
  };
  return watched;
}
