import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { startHeartbeat } from '../../transports/heartbeat.ts';

function start(limits: { readonly pingMs: number; readonly silenceMs: number }) {
  const clock = createVirtualClock();
  const seen = { receivedBytes: 0, deaf: false, pings: 0, silences: 0 };
  const heartbeat = startHeartbeat({
    clock,
    limits,
    receivedBytes: () => seen.receivedBytes,
    isDeaf: () => seen.deaf,
    ping: () => {
      seen.pings += 1;
    },
    onSilence: () => {
      seen.silences += 1;
    },
  });
  return { clock, seen, heartbeat };
}

describe('heartbeat', () => {
  it('pings at its interval, whatever comes in', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 10, silenceMs: 30 });

    for (let step = 0; step < 10; step += 1) {
      seen.receivedBytes += 1;
      await clock.advance(10);
    }

    assert.equal(seen.pings, 10);
    assert.equal(seen.silences, 0);
    heartbeat.stop();
    assert.equal(clock.pending, 0);
  });

  it('calls silence once after so long without a byte, and stops', async () => {
    const { clock, seen } = start({ pingMs: 10, silenceMs: 30 });
    seen.receivedBytes = 5;
    await clock.advance(10);

    await clock.advance(20);
    assert.equal(seen.silences, 0);
    await clock.advance(10);

    assert.equal(seen.silences, 1);
    assert.equal(clock.pending, 0);
  });

  it('does not count the time in which nobody listened', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 10, silenceMs: 30 });
    seen.deaf = true;
    await clock.advance(200);
    seen.deaf = false;

    await clock.advance(20);
    assert.equal(seen.silences, 0);
    await clock.advance(10);

    assert.equal(seen.silences, 1);
    heartbeat.stop();
  });

  it('notices silence in time when it is allowed less than a ping interval', async () => {
    const { clock, seen } = start({ pingMs: 1_000, silenceMs: 30 });

    await clock.advance(30);

    assert.equal(seen.silences, 1);
  });
});
