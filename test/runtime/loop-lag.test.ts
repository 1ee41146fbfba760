import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { measureLoopLag } from '../../runtime/loop-lag.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('one long stop among many turns is seen in the mean and the longest, which is kept for a minute', async () => {
  const clock = createVirtualClock();
  using lag = measureLoopLag(clock);
  await delay(100);
  block(1_500);
  await delay(100);
  await clock.advance(5_000);
  const { meanMs, maxMs } = lag.latest;

  await delay(60);
  await clock.advance(5_000);

  // The stop lasted for most of the window: whoever came then waited for half of it. Others may hold this process up as well.
  assert.ok(maxMs >= 1_400, `expected the stop of 1,500 ms, got ${maxMs}`);
  assert.ok(meanMs >= 200, `expected a mean that tells of it, got ${meanMs}`);
  assert.ok(lag.latest.maxMs >= maxMs);
  for (let window = 0; window < 12; window++) {
    await delay(60);
    await clock.advance(5_000);
  }
  assert.ok(lag.latest.maxMs < maxMs, `expected it to be forgotten, got ${lag.latest.maxMs}`);
});

test('nothing is late before the first window is over', () => {
  using lag = measureLoopLag(createVirtualClock());

  assert.deepEqual(lag.latest, { p99Ms: 0, meanMs: 0, maxMs: 0 });
});
