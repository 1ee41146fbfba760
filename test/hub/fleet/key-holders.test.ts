import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyHolders } from '../../../hub/fleet/key-holders.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

describe('the holders of a key', () => {
  it('are one agent, however often it is started anew or dials again', () => {
    const holders = new KeyHolders(createVirtualClock());

    const proved = ['one', 'one', 'two', 'two', 'three', 'three'].map((bootId) => holders.greet(bootId));

    assert.deepEqual(proved, Array(6).fill(false));
    assert.equal(holders.problem, null);
  });

  it('are two when one comes back behind sixteen others, and may be one that is restarted behind more', () => {
    const isProved = (others: number) => {
      const holders = new KeyHolders(createVirtualClock());
      for (let process = 0; process <= others; process += 1) holders.greet(`${process}`);
      return holders.greet('0');
    };

    assert.deepEqual([isProved(15), isProved(16), isProved(17)], [true, true, false]);
  });

  it('are two when one comes back that another had followed, and are one again when that is long ago', async () => {
    const clock = createVirtualClock();
    const holders = new KeyHolders(clock);

    const proved = ['one', 'two', 'one', 'two'].map((bootId) => holders.greet(bootId));
    const problem = holders.problem;
    await clock.advance(10 * 60_000 + 1);

    assert.deepEqual(proved, [false, false, true, true]);
    assert.match(problem ?? '', /two agents run with the key/);
    assert.equal(holders.problem, null);
  });
});
