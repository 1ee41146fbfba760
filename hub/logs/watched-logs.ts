import type { Clock } from '../../runtime/clock.ts';
import type { LoopBoard } from '../../runtime/loop-board.ts';
import type { LogStore, LogWriter } from './log-store.ts';

export interface LogWatcher {
  /** Bytes were handed over. */
  stored(bytes: number): void;
  /** They could not be stored. */
  failed(error: unknown): void;
}

/** A flush that takes longer is worth a word. */
const slowMs = 1_000;

/** The same store, with a word to the watcher about every write, and its place on the board. Disposing it disposes the store. */
export function watchLogs(
  logs: LogStore,
  { watcher, loops, clock }: { readonly watcher: LogWatcher; readonly loops: LoopBoard; readonly clock: Clock },
): LogStore {
  const writers = new Set<LogWriter>();
  const flushes = new Map<symbol, number>();
  const loop = loops.open('logs', { words: describe });

  function describe(): string {
    const [first] = flushes.values();
    const oldestMs = first === undefined ? 0 : clock.monotonic() - first;
    const slow = oldestMs < slowMs ? '' : `; the disk has been busy with a flush for ${Math.round(oldestMs / 1000)} s`;
    return `${writers.size} are being written${slow}`;
  }

  async function watched<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      loop.failed(error);
      watcher.failed(error);
      throw error;
    }
  }

  function watchWriter(writer: LogWriter): LogWriter {
    writers.add(writer);
    return {
      get durable() {
        return writer.durable;
      },
      get length() {
        return writer.length;
      },
      append(bytes, at) {
        watcher.stored(bytes.length);
        return watched(writer.append(bytes, at));
      },
      async flush() {
        const flush = Symbol('flush');
        flushes.set(flush, clock.monotonic());
        try {
          const durable = await watched(writer.flush());
          loop.turned();
          return durable;
        } finally {
          flushes.delete(flush);
        }
      },
      digest: () => writer.digest(),
      async [Symbol.asyncDispose]() {
        writers.delete(writer);
        await writer[Symbol.asyncDispose]();
      },
    };
  }

  return {
    length: (attempt) => logs.length(attempt),
    read: (attempt, start, end) => logs.read(attempt, start, end),
    moments: (attempt, start, end) => logs.moments(attempt, start, end),
    remove: (attempt) => watched(logs.remove(attempt)),
    grown: (attempt, offset, signal) => logs.grown(attempt, offset, signal),
    write: async (attempt) => watchWriter(await watched(logs.write(attempt))),
    async [Symbol.asyncDispose]() {
      loop[Symbol.dispose]();
      await logs[Symbol.asyncDispose]();
    },
  };
}
