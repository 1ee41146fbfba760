import type { LogStore } from '../logs/log-store.ts';

/** The same store, and `add` hears of every byte that is appended. Disposing it disposes the store. */
export function countLogs(logs: LogStore, add: (bytes: number) => void): LogStore {
  return {
    length: (attempt) => logs.length(attempt),
    read: (attempt, start, end) => logs.read(attempt, start, end),
    moments: (attempt, start, end) => logs.moments(attempt, start, end),
    remove: (attempt) => logs.remove(attempt),
    grown: (attempt, offset, signal) => logs.grown(attempt, offset, signal),
    async write(attempt) {
      const writer = await logs.write(attempt);
      return {
        get durable() {
          return writer.durable;
        },
        get length() {
          return writer.length;
        },
        append(bytes, at) {
          add(bytes.length);
          return writer.append(bytes, at);
        },
        flush: () => writer.flush(),
        digest: () => writer.digest(),
        [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => logs[Symbol.asyncDispose](),
  };
}
