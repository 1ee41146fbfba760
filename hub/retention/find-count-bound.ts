import type { EndPlace } from '../store/retention-statements.ts';
import type { Store } from '../store/store.ts';

/** How many ends one query steps over: an index alone answers it. */
const stride = 2_000;

/** When the `count`th newest of the account's ended jobs ended: those before it are too many. -Infinity where there are not so many. */
export async function findCountBound(
  store: Store,
  { account, count, pause }: { readonly account: string; readonly count: number; readonly pause: () => Promise<void> },
): Promise<number> {
  if (count === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  let place: EndPlace | null = null;
  for (let left = count; left > 0; ) {
    const step = Math.min(stride, left);
    place = await store.queries.earlierEnd(account, place, step - 1);
    if (place === null) return Number.NEGATIVE_INFINITY;
    left -= step;
    if (left > 0) await pause();
  }
  return place?.endedAt ?? Number.NEGATIVE_INFINITY;
}
