import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';

describe('virtual clock', () => {
  it('runs timers in the order of their times, and of their making within one time', async () => {
    const clock = createVirtualClock();
    const ran: string[] = [];
    clock.schedule(20, () => ran.push('late'));
    clock.schedule(10, () => ran.push('first'));
    clock.schedule(10, () => ran.push('second'));

    await clock.advance(20);

    assert.deepEqual(ran, ['first', 'second', 'late']);
    assert.equal(clock.pending, 0);
  });

  it('lets promises settle between timers', async () => {
    const clock = createVirtualClock();
    const ran: string[] = [];
    const chain = async () => {
      for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
      ran.push(`settled at ${clock.monotonic()}`);
    };
    clock.schedule(10, () => void chain());
    clock.schedule(11, () => ran.push('next timer'));

    await clock.advance(15);

    assert.deepEqual(ran, ['settled at 10', 'next timer']);
  });

  it('runs timers that were made meanwhile when they fall due in time', async () => {
    const clock = createVirtualClock();
    const times: number[] = [];
    const tick = () => {
      times.push(clock.monotonic());
      clock.schedule(10, tick);
    };
    clock.schedule(10, tick);

    await clock.advance(35);

    assert.deepEqual(times, [10, 20, 30]);
    assert.equal(clock.monotonic(), 35);
    assert.equal(clock.now(), Date.UTC(2026, 0, 1) + 35);
  });

  it('never runs a timer that was cancelled, also by another of the same time', async () => {
    const clock = createVirtualClock();
    const ran: string[] = [];
    clock.schedule(10, () => second.cancel());
    const second = clock.schedule(10, () => ran.push('second'));
    clock.schedule(10, () => ran.push('third'));

    await clock.advance(10);
    second.cancel();

    assert.deepEqual(ran, ['third']);
  });

  it('goes to the next timer, or says that there is none', async () => {
    const clock = createVirtualClock({ startMs: 1000 });
    clock.schedule(5, () => {});

    assert.equal(await clock.advanceToNext(), true);
    assert.equal(clock.now(), 1005);
    assert.equal(await clock.advanceToNext(), false);
    assert.equal(clock.now(), 1005);
  });
});
