import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AuditWatch } from '../../../hub/api/audit-watch.ts';
import type { AuditRecord } from '../../../hub/store/records.ts';
import type { Change, Store } from '../../../hub/store/store.ts';

/** A store whose audit has so many events of the account `a`; it fails while it is told to. */
function createPlace(count: number) {
  let tell: (changes: readonly Change[]) => void = () => {};
  const place = { reads: 0, fails: false, events: count };
  const store = {
    subscribe(listener: (changes: readonly Change[]) => void) {
      tell = listener;
      return { [Symbol.dispose]: () => {} };
    },
    queries: {
      async auditAfter(_account: string, after: number, limit: number) {
        place.reads += 1;
        if (place.fails) throw new Error('no store');
        const sequences = Array.from({ length: place.events }, (_, index) => index + 1);
        return sequences
          .filter((sequence) => sequence > after)
          .slice(0, limit)
          .map((sequence) => ({ sequence }) as AuditRecord);
      },
    },
  } as unknown as Store;
  const watch = new AuditWatch(store);
  return {
    place,
    watch,
    add: (account: string, object: string) => {
      place.events += 1;
      tell([{ type: 'audit', sequence: place.events, account, object }]);
    },
  };
}

describe('the watch over the audit', () => {
  it('reads once for all who want the same, and anew for whoever wants more', async () => {
    const { place, watch } = createPlace(5);

    const [one, same] = await Promise.all([watch.read('a', 2, 200), watch.read('a', 2, 200)]);
    const [first, more] = await Promise.all([watch.read('a', 1, 1), watch.read('a', 1, 200)]);

    assert.equal(one, same);
    assert.deepEqual([one.length, first.length, more.length], [3, 1, 4]);
    assert.equal(place.reads, 3);
  });

  it('reads anew once there is something new', async () => {
    const { watch, add } = createPlace(5);
    await watch.read('a', 2, 200);

    add('a', 'job:1');

    assert.equal((await watch.read('a', 2, 200)).length, 4);
  });

  it('asks again after the store failed', async () => {
    const { place, watch } = createPlace(5);
    place.fails = true;
    await assert.rejects(watch.read('a', 2, 200), /no store/);

    place.fails = false;

    assert.equal((await watch.read('a', 2, 200)).length, 3);
  });

  it('wakes who waits for the account or for what the event is about, and nobody else', async () => {
    const { watch, add } = createPlace(0);
    const leaving = new AbortController();
    const woken: string[] = [];
    const wait = async (name: string, account: string, object: string | null) => {
      await watch.next({ account, object }, leaving.signal);
      woken.push(name);
    };
    const heard = [wait('all', 'a', null), wait('this job', 'a', 'job:1')];
    const others = [wait('another job', 'a', 'job:2'), wait('another account', 'b', null)];

    add('a', 'job:1');
    await Promise.all(heard);
    const atFirst = [...woken];
    leaving.abort();
    await Promise.all(others);
    await watch.next({ account: 'a', object: null }, leaving.signal);

    assert.deepEqual(atFirst, ['all', 'this job']);
  });
});
