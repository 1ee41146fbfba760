import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Housekeeping } from '../../../hub/housekeeping/housekeeping.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { sleep } from '../../../runtime/sleep.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

describe('a chore', () => {
  it('is on the board with its failures, and is done again', async () => {
    const clock = createVirtualClock();
    const loops = createLoopBoard(clock);
    let runs = 0;
    const run = async () => {
      runs++;
      if (runs < 3) throw new Error('no broom');
    };
    const keeping = new Housekeeping({
      chores: [{ name: 'sweep', everyMs: 1_000, run }],
      clock,
      logger: silentLogger,
      loops,
    });

    await clock.advance(3_000);
    const [loop] = loops.list();
    await keeping[Symbol.asyncDispose]();

    assert.deepEqual(
      [loop?.name, loop?.doing, loop?.turns, loop?.failures, loop?.lastFailure?.message],
      ['chore: sweep', 'waits for its time', 1, 2, 'no broom'],
    );
    assert.deepEqual(loops.list(), []);
  });

  it('is stuck when its run does not end, and no more once it does', async () => {
    const clock = createVirtualClock();
    const loops = createLoopBoard(clock);
    const { promise, resolve } = Promise.withResolvers<void>();
    const chores = [{ name: 'sweep', everyMs: 1_000, run: () => promise }];
    const keeping = new Housekeeping({ chores, clock, logger: silentLogger, loops });
    const isStuck = () => loops.list().map((loop) => loop.isStuck);

    await clock.advance(9 * 60_000);
    const atWork = isStuck();
    await clock.advance(2 * 60_000);
    const late = isStuck();
    resolve();
    await clock.settle();
    const over = isStuck();
    await keeping[Symbol.asyncDispose]();

    assert.deepEqual([atWork, late, over], [[false], [true], [false]]);
  });

  it('that has much to do is not stuck for as long as it says that it goes on', async () => {
    const clock = createVirtualClock();
    const loops = createLoopBoard(clock);
    const run = async (signal: AbortSignal, goesOn: () => void) => {
      for (let minute = 0; minute < 60 && !signal.aborted; minute++) {
        goesOn();
        await sleep(clock, 60_000, signal);
      }
      await sleep(clock, 3_600_000, signal);
    };
    const chores = [{ name: 'sweep', everyMs: 1_000, run }];
    const keeping = new Housekeeping({ chores, clock, logger: silentLogger, loops });
    const isStuck = () => loops.list().map((loop) => loop.isStuck);

    await clock.advance(59 * 60_000);
    const busy = isStuck();
    await clock.advance(20 * 60_000);
    const silent = isStuck();
    await keeping[Symbol.asyncDispose]();

    assert.deepEqual([busy, silent], [[false], [true]]);
  });
});
