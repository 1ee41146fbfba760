import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDeadline } from '../../../agent/attempts/deadline.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const hour = 3600 * 1000;

test('A deadline of three days passes after three days, and not before', async () => {
  const clock = createVirtualClock();
  let passed = 0;
  startDeadline({ clock, afterMs: 72 * hour, onPassed: () => (passed += 1) });

  await clock.advance(72 * hour - 1);
  assert.equal(passed, 0);
  await clock.advance(1);
  assert.equal(passed, 1);
  await clock.advance(100 * hour);

  assert.equal(passed, 1);
  assert.equal(clock.pending, 0);
});

test('A deadline that is cancelled after its first day never passes', async () => {
  const clock = createVirtualClock();
  let passed = 0;
  const deadline = startDeadline({ clock, afterMs: 72 * hour, onPassed: () => (passed += 1) });

  await clock.advance(30 * hour);
  deadline.cancel();
  await clock.advance(100 * hour);

  assert.equal(passed, 0);
  assert.equal(clock.pending, 0);
});

test('A deadline that is over when it begins passes in a turn of its own', async () => {
  const clock = createVirtualClock();
  let passed = 0;

  startDeadline({ clock, afterMs: -5, onPassed: () => (passed += 1) });
  assert.equal(passed, 0);
  await clock.advance(0);

  assert.equal(passed, 1);
});
