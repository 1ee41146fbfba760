import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cooling } from '../../../hub/scheduler/cooling.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

describe('a pair that came to nothing', () => {
  it('is left alone for longer each time, up to a bound, and begins anew after a success', async () => {
    const clock = createVirtualClock();
    let over = 0;
    using cooling = new Cooling(clock, () => (over += 1));
    const waitedMs: number[] = [];
    const refuseAndWait = async () => {
      cooling.refused('a1', 'greet');
      const from = clock.monotonic();
      while (cooling.isCooling('a1', 'greet')) await clock.advance(250);
      waitedMs.push(clock.monotonic() - from);
    };

    for (let time = 0; time < 8; time += 1) await refuseAndWait();
    cooling.succeeded('a1', 'greet');
    await refuseAndWait();

    assert.deepEqual(waitedMs, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 250]);
    assert.equal(over, waitedMs.length + 1);
  });

  it('is left alone for all of the longer time when it came to nothing again before the shorter one was over', async () => {
    const clock = createVirtualClock();
    using cooling = new Cooling(clock, () => {});
    cooling.refused('a1', 'greet');
    await clock.advance(100);
    cooling.refused('a1', 'greet');

    await clock.advance(499);
    const before = cooling.isCooling('a1', 'greet');
    await clock.advance(1);

    assert.deepEqual([before, cooling.isCooling('a1', 'greet')], [true, false]);
  });

  it('is a pair: the agent may take another automation, and another agent this one', () => {
    using cooling = new Cooling(createVirtualClock(), () => {});

    cooling.refused('a1', 'greet');

    assert.deepEqual(
      [cooling.isCooling('a1', 'greet'), cooling.isCooling('a1', 'part'), cooling.isCooling('a2', 'greet')],
      [true, false, false],
    );
  });
});
