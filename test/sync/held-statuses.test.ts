import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createHeldStatuses } from '../../sync/held-statuses.ts';

suite('held statuses', () => {
  test('know what is news', () => {
    const held = createHeldStatuses();

    held.hold('a', { hash: 'one', sequence: 5n });

    assert.equal(held.isNews('a', 5n), false);
    assert.equal(held.isNews('a', 6n), true);
    assert.equal(held.isNews('b', 0n), true);
    assert.deepEqual(held.list(), [{ id: 'a', value: 'one' }]);
  });

  test('know a late status of what is gone as old, for a while', () => {
    const held = createHeldStatuses();
    held.hold('a', { hash: 'one', sequence: 5n });

    held.forget('a', { sequence: 7n, nowMs: 100 });
    held.sweep(100);
    assert.deepEqual(held.list(), []);
    assert.equal(held.hasHash('a', 'one'), false);
    assert.equal(held.isNews('a', 6n), false);
    held.sweep(101);

    assert.equal(held.isNews('a', 6n), true);
    assert.equal(held.highestSequence(), 7n);
  });

  test('of an earlier time take the place of none that came since', () => {
    const held = createHeldStatuses();
    held.hold('a', { hash: 'new', sequence: 5n });

    held.begin([
      { id: 'a', value: 'old' },
      { id: 'b', value: 'other' },
    ]);

    assert.deepEqual([held.hasHash('a', 'new'), held.isNews('a', 5n)], [true, false]);
    assert.deepEqual([held.hasHash('b', 'other'), held.isNews('b', 1n)], [true, true]);
  });

  test('are not forgotten by word that is older than they are', () => {
    const held = createHeldStatuses();
    held.hold('a', { hash: 'one', sequence: 5n });

    held.forget('a', { sequence: 4n, nowMs: 0 });

    assert.equal(held.hasHash('a', 'one'), true);
  });
});
