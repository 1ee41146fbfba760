import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedTurns } from '../../../hub/control/shared-turns.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

function start() {
  const clock = createVirtualClock();
  const turns = new SharedTurns({ clock, everyMs: 20 });
  const went: number[] = [];
  const come = () => void turns.turn().then(() => went.push(clock.monotonic()));
  return { clock, turns, went, come };
}

describe('shared turns', () => {
  it('let few go at once, and of many the rest together', async () => {
    const { clock, went, come } = start();

    for (let index = 0; index < 100; index += 1) come();
    await clock.advance(0);
    const atOnce = went.length;
    await clock.advance(20);

    assert.equal(atOnce, 8);
    assert.deepEqual(
      went.slice(8),
      Array.from({ length: 92 }, () => 20),
    );
    assert.equal(clock.pending, 0);
  });

  it('hold nobody up for longer than the given time', async () => {
    const { clock, went, come } = start();
    for (let step = 0; step < 200; step += 1) {
      come();
      await clock.advance(1);
    }
    await clock.advance(20);

    assert.equal(went.length, 200);
    assert.ok(went.every((at, index) => at - index <= 20));
  });

  it('let everybody go when they are disposed of', async () => {
    const { clock, turns, went, come } = start();
    for (let index = 0; index < 20; index += 1) come();

    turns[Symbol.dispose]();
    await clock.settle();

    assert.equal(went.length, 20);
    assert.equal(clock.pending, 0);
  });
});
