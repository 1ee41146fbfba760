import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countLogBytes } from '../../../hub/retention/count-logs.ts';
import type { Store } from '../../../hub/store/store.ts';

/** A store with so many logs of a byte each, which ended one after another. */
function storeOf(count: number): Store {
  const ends = Array.from({ length: count }, (_, endedAt) => ({ endedAt, id: 'x', bytes: 1 }));
  const queries = {
    loggedAttempts: async (after: { readonly endedAt: number } | null, limit: number) =>
      ends.filter(({ endedAt }) => endedAt > (after?.endedAt ?? -1)).slice(0, limit),
  };
  return { queries } as unknown as Store;
}

it('Bytes of logs are counted over all pages of the store, with a pause between two', async () => {
  const pauses: number[] = [];
  for (const count of [0, 999, 1_000, 2_500]) {
    let paused = 0;
    const bytes = await countLogBytes(storeOf(count), async () => void paused++);
    assert.equal(bytes, count);
    pauses.push(paused);
  }

  assert.deepEqual(pauses, [0, 0, 1, 2]);
});
