import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createTokenBucket } from '../../../agent/kubernetes/token-bucket.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const { signal } = new AbortController();

function setUp() {
  const clock = createVirtualClock();
  const bucket = createTokenBucket({ perSecond: 10, burst: 3, clock });
  const taken: number[] = [];
  const take = async (stop: AbortSignal = signal) => {
    await bucket.take({ signal: stop });
    taken.push(clock.monotonic());
  };
  return { clock, taken, take };
}

suite('the bucket of tokens', () => {
  test('lets a burst through at once, and what comes behind it at its rate', async () => {
    const { clock, taken, take } = setUp();
    const begun = clock.monotonic();

    const calls = [take(), take(), take(), take(), take()];
    await clock.advance(1_000);
    await Promise.all(calls);

    assert.deepEqual(
      taken.map((at) => Math.round(at - begun)),
      [0, 0, 0, 100, 200],
    );
  });

  test('fills again while nobody takes, no higher than a burst', async () => {
    const { clock, taken, take } = setUp();
    await Promise.all([take(), take(), take()]);
    await clock.advance(60_000);
    taken.length = 0;
    const begun = clock.monotonic();

    const calls = [take(), take(), take(), take()];
    await clock.advance(1_000);
    await Promise.all(calls);

    assert.deepEqual(
      taken.map((at) => Math.round(at - begun)),
      [0, 0, 0, 100],
    );
  });

  test('lets whoever waits leave', async () => {
    const { clock, taken, take } = setUp();
    await Promise.all([take(), take(), take()]);
    const stop = new AbortController();

    const waiting = take(stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    await clock.advance(1_000);

    assert.equal(taken.length, 3);
  });
});
