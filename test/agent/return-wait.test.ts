import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createReturnWait } from '../../agent/return-wait.ts';
import { systemRandom } from '../../runtime/random.ts';

function start(fraction: number) {
  return createReturnWait({
    random: { ...systemRandom, fraction: () => fraction },
    firstMs: 250,
    maxMs: 8_000,
    maxHintMs: 300_000,
  });
}

describe('the wait before the next dial', () => {
  it('grows with every failure that comes without a word of the hub, and begins anew', () => {
    const wait = start(0.999);

    const waits = [null, null, null, null, null, null, null].map((hint) => Math.round(wait.next(hint)));
    wait.reset();

    assert.deepEqual(waits, [250, 500, 999, 1998, 3996, 7992, 7992]);
    assert.equal(Math.round(wait.next(null)), 250);
  });

  it('is as long as the hub asked, and at most a second more, however often it failed', () => {
    for (const fraction of [0, 0.5, 0.999]) {
      const wait = start(fraction);
      for (let failure = 0; failure < 10; failure += 1) wait.next(null);

      const waitMs = wait.next(12_000);

      assert.ok(waitMs >= 12_000 && waitMs < 13_000, `waits ${waitMs} ms`);
    }
  });

  it('is never shorter than asked, and grows where a hub always asks for next to nothing', () => {
    const wait = start(0.5);

    const waits = Array.from({ length: 6 }, () => wait.next(0));

    assert.deepEqual(waits, [125, 250, 500, 1_000, 2_000, 4_000]);
    assert.ok(start(0).next(700) >= 700);
  });

  it('is bounded, whatever a hub asks for', () => {
    for (const hint of [1e12, Number.POSITIVE_INFINITY]) {
      const waitMs = start(0.999).next(hint);

      assert.ok(waitMs <= 301_000, `waits ${waitMs} ms`);
    }
    assert.ok(start(0.5).next(-5_000) >= 0);
  });
});
