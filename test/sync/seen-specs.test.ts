import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createSeenSpecs } from '../../sync/seen-specs.ts';

suite('seen specs', () => {
  test('know an older state as stale, the same one not, and deletion as the last of a version', () => {
    const seen = createSeenSpecs();
    seen.add('a', { version: 2, deleted: true, source: 'hub', traceparent: null });

    assert.equal(seen.isStale('a', { version: 1, deleted: true }), true);
    assert.equal(seen.isStale('a', { version: 2, deleted: false }), true);
    assert.equal(seen.isStale('a', { version: 2, deleted: true }), false);
    assert.equal(seen.isStale('a', { version: 3, deleted: false }), false);
    assert.equal(seen.isStale('b', { version: 1, deleted: false }), false);
  });

  test('of what has ended are no longer listed, and known for a while', () => {
    const seen = createSeenSpecs();
    seen.add('a', { version: 2, deleted: false, source: 'hub', traceparent: null });
    seen.add('b', { version: 1, deleted: false, source: 'hub', traceparent: null });
    const isKept = (id: string) => id === 'b';

    seen.retain(isKept, { nowMs: 100, beforeMs: 0 });
    assert.deepEqual(seen.list(), [{ id: 'b', value: '1' }]);
    assert.equal(seen.isStale('a', { version: 1, deleted: false }), true);
    seen.retain(isKept, { nowMs: 200, beforeMs: 101 });

    assert.equal(seen.get('a'), null);
    assert.equal(seen.get('b')?.version, 1);
  });

  test('of what has ended stay known, however often it is looked at, until their time is over', () => {
    const specs = createSeenSpecs();
    specs.add('a', { version: 2, deleted: false, source: 'hub', traceparent: null });
    const isKnown = () => specs.isStale('a', { version: 1, deleted: false });

    specs.retain(() => false, { nowMs: 100, beforeMs: 40 });
    specs.retain(() => false, { nowMs: 150, beforeMs: 90 });
    const early = isKnown();
    specs.retain(() => false, { nowMs: 170, beforeMs: 110 });

    assert.deepEqual([early, isKnown()], [true, false]);
  });
});
