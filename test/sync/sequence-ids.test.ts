import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Clock } from '../../runtime/clock.ts';
import { createSequenceIds } from '../../sync/sequence-ids.ts';

function createWallClock(startMs: number): Clock & { nowMs: number } {
  return {
    nowMs: startMs,
    now() {
      return this.nowMs;
    },
    monotonic: () => 0,
    schedule: () => ({ cancel() {} }),
  };
}

const noonMs = Date.UTC(2026, 0, 1, 12);

suite('sequence ids', () => {
  test('are snowflakes of node 1', () => {
    const ids = createSequenceIds(createWallClock(Date.parse('2025-12-16T06:00:17.921Z')));

    assert.equal(ids.next(), '2000808179721572352');
  });

  test('grow within a millisecond, and beyond what a millisecond can number', () => {
    const ids = createSequenceIds(createWallClock(noonMs));
    const made = Array.from({ length: 10_000 }, () => BigInt(ids.next()));

    assert.ok(made.every((id, index) => index === 0 || id > (made[index - 1] ?? id)));
  });

  test('grow when the clock jumps back', () => {
    const clock = createWallClock(noonMs);
    const ids = createSequenceIds(clock);
    const before = BigInt(ids.next());
    clock.nowMs -= 3_600_000;

    assert.ok(BigInt(ids.next()) > before);
  });

  test('are higher after a restart, as the wall clock is', () => {
    const before = BigInt(createSequenceIds(createWallClock(noonMs)).next());
    const after = BigInt(createSequenceIds(createWallClock(noonMs + 1)).next());

    assert.ok(after > before);
  });

  test('go on above what the other side has seen of a clock that was ahead', () => {
    const ahead = createSequenceIds(createWallClock(noonMs + 3_600_000));
    const seen = ['first', 'second', 'third'].map(() => BigInt(ahead.next())).at(-1) ?? 0n;
    const ids = createSequenceIds(createWallClock(noonMs));
    ids.raiseAbove(seen);

    assert.ok(BigInt(ids.next()) > seen);
  });

  test('go on above what the other side has seen of this very millisecond', () => {
    const ids = createSequenceIds(createWallClock(noonMs));
    const seen = BigInt(ids.next()) + 100n;
    ids.raiseAbove(seen);

    assert.ok(BigInt(ids.next()) > seen);
  });

  test('do not follow a number that no clock makes', () => {
    const ids = createSequenceIds(createWallClock(noonMs));
    const before = BigInt(ids.next());
    ids.raiseAbove(10n ** 19n);

    assert.equal(BigInt(ids.next()), before + 1n);
  });
});
