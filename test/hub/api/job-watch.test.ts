import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JobWatch } from '../../../hub/api/job-watch.ts';
import type { JobRecord } from '../../../hub/store/records.ts';
import type { Change, Store } from '../../../hub/store/store.ts';

const going = new AbortController().signal;

function jobOf(version: number): JobRecord {
  return { id: 'job', version } as unknown as JobRecord;
}

/** A store that answers with this version, and tells of others while it is asked. */
function createPlace(read: number, meanwhile: readonly number[] = []) {
  let tell: (changes: readonly Change[]) => void = () => {};
  const say = (version: number) => tell([{ type: 'job', job: jobOf(version) }]);
  const store = {
    subscribe(listener: typeof tell) {
      tell = listener;
      return { [Symbol.dispose]: () => {} };
    },
    queries: {
      async job() {
        for (const version of meanwhile) say(version);
        return jobOf(read);
      },
    },
  } as unknown as Store;
  return { watch: new JobWatch(store), say };
}

describe('a watched job', () => {
  it('is the newest that was read or heard of, in whatever order that came', async () => {
    using older = createPlace(3, [5, 4]).watch;
    using newer = createPlace(7, [5]).watch;

    using heard = await older.watch('default', 'job');
    using read = await newer.watch('default', 'job');

    assert.deepEqual([heard?.job.version, read?.job.version], [5, 7]);
  });

  it('wakes whoever waits for more than he knows, and nobody for what is older', async () => {
    const { watch, say } = createPlace(3);
    using _ = watch;
    using watched = await watch.watch('default', 'job');
    assert.ok(watched);
    let woken = false;
    const waiting = watched.changed(3, going).then(() => (woken = true));

    say(2);
    say(3);
    await new Promise(setImmediate);
    assert.equal(woken, false);
    assert.equal(watched.job.version, 3);
    say(4);
    await waiting;

    assert.equal(watched.job.version, 4);
    await watched.changed(3, going);
  });
});
