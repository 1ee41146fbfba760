import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCoarseClock } from '../../runtime/coarse-clock.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';

function setUp() {
  const clock = createVirtualClock();
  const coarse = createCoarseClock(clock, 100);
  const fired: string[] = [];
  const schedule = (name: string, delayMs: number) =>
    coarse.schedule(delayMs, () => fired.push(`${name} at ${clock.monotonic()}`));
  return { clock, coarse, fired, schedule };
}

describe('a coarse clock', () => {
  it('fires each timer with the next whole step, never early, in the order they were made', async () => {
    const { clock, fired, schedule } = setUp();
    await clock.advance(30);
    schedule('a', 70);
    schedule('b', 71);
    schedule('c', 150);
    schedule('d', 10);

    await clock.advance(170);

    assert.deepEqual(fired, ['a at 100', 'd at 100', 'b at 200', 'c at 200']);
  });

  it('keeps one timer of the other clock for all that fire together, and none when they are cancelled', async () => {
    const { clock, coarse, fired, schedule } = setUp();
    const timers = [schedule('a', 10), schedule('b', 60), schedule('c', 90)];
    const inBackground = coarse.schedule(90, () => fired.push('background'), { background: true });
    const shared = clock.pending;

    for (const timer of timers.slice(0, 2)) timer.cancel();
    const left = clock.pending;
    for (const timer of [...timers, inBackground]) timer.cancel();

    assert.deepEqual([shared, left, clock.pending], [2, 2, 0]);
    await clock.advance(500);
    assert.deepEqual(fired, []);
  });

  it('does not fire what another timer of the same step cancels, and does nothing for one that fired', async () => {
    const { clock, coarse, fired, schedule } = setUp();
    const canceller = coarse.schedule(50, () => cancelled.cancel());
    const cancelled = schedule('cancelled', 60);
    schedule('later', 70);

    await clock.advance(100);
    canceller.cancel();
    schedule('again', 50);
    await clock.advance(100);

    assert.deepEqual(fired, ['later at 100', 'again at 200']);
  });
});
