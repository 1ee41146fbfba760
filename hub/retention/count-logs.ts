import type { EndPlace } from '../store/retention-statements.ts';
import type { Store } from '../store/store.ts';

/** Rows of one query: an index alone answers it. */
const page = 1_000;

/** Bytes of all logs of ended attempts. */
export async function countLogBytes(store: Store, pause: () => Promise<void>): Promise<number> {
  let bytes = 0;
  let after: EndPlace | null = null;
  for (;;) {
    const logs: readonly (EndPlace & { readonly bytes: number })[] = await store.queries.loggedAttempts(after, page);
    for (const log of logs) bytes += log.bytes;
    after = logs.at(-1) ?? null;
    if (logs.length < page) return bytes;
    await pause();
  }
}
