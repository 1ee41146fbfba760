import type { LogStore } from '../logs/log-store.ts';
import type { LogStretch } from './followed-log.ts';

/** The bytes of a stretch that was there a moment ago. Throws when it is not any more: an answer that is cut short must not look whole. */
export async function* readStretch(
  logs: LogStore,
  { attempt, start, end }: LogStretch,
): AsyncGenerator<Uint8Array, void> {
  let given = 0;
  for await (const piece of logs.read(attempt, start, end)) {
    given += piece.length;
    yield piece;
  }
  if (given < end - start)
    throw new Error(`expected ${end - start} bytes of a log, got ${given}: it was removed while it was read`);
}
