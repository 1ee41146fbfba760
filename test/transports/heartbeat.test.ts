import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { startHeartbeat } from '../../transports/heartbeat.ts';

function start(limits: { readonly pingMs: number; readonly silenceMs: number }) {
  const clock = createVirtualClock();
  const seen = { receivedBytes: 0, deaf: false, pings: 0, silences: 0 };
  const heartbeat = startHeartbeat(
    {
      receivedBytes: () => seen.receivedBytes,
      isDeaf: () => seen.deaf,
      ping: () => {
        seen.pings += 1;
      },
      silent: () => {
        seen.silences += 1;
      },
    },
    { clock, limits },
  );
  return { clock, seen, heartbeat };
}

describe('heartbeat', () => {
  it('pings at its interval while nothing comes in', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 10, silenceMs: 1_000 });

    await clock.advance(100);

    assert.equal(seen.pings, 10);
    assert.equal(seen.silences, 0);
    heartbeat.stop();
    assert.equal(clock.pending, 0);
  });

  it('does not ping while something comes in', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 10, silenceMs: 30 });

    for (let step = 0; step < 10; step += 1) {
      seen.receivedBytes += 1;
      await clock.advance(10);
    }
    const whileHeard = seen.pings;
    await clock.advance(10);

    assert.deepEqual([whileHeard, seen.pings, seen.silences], [0, 1, 0]);
    heartbeat.stop();
  });

  it('pings whatever comes in while it reads nothing, for it cannot answer', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 10, silenceMs: 30 });
    seen.deaf = true;

    for (let step = 0; step < 10; step += 1) {
      seen.receivedBytes += 1;
      await clock.advance(10);
    }

    assert.equal(seen.pings, 10);
    heartbeat.stop();
  });

  it('pings in every tick where one silent tick is the end', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 1_000, silenceMs: 30 });

    for (let step = 0; step < 5; step += 1) {
      seen.receivedBytes += 1;
      await clock.advance(30);
    }

    assert.deepEqual([seen.pings, seen.silences], [5, 0]);
    heartbeat.stop();
  });

  it('lets two sides take turns, each hearing of the other within two ticks, whatever their phases', async () => {
    for (const phase of [0, 1, 5, 9]) {
      const clock = createVirtualClock();
      const sides = [0, 1].map(() => ({ receivedBytes: 0, heardAt: 0, longest: 0, silences: 0 }));
      const hear = (side: number) => {
        const heard = sides[side];
        if (heard === undefined) return;
        heard.receivedBytes += 1;
        heard.longest = Math.max(heard.longest, clock.monotonic() - heard.heardAt);
        heard.heardAt = clock.monotonic();
      };
      const beat = (side: number) =>
        startHeartbeat(
          {
            receivedBytes: () => sides[side]?.receivedBytes ?? 0,
            isDeaf: () => false,
            ping: () => {
              hear(1 - side);
              hear(side);
            },
            silent: () => {
              const silent = sides[side];
              if (silent !== undefined) silent.silences += 1;
            },
          },
          { clock, limits: { pingMs: 10, silenceMs: 30 } },
        );
      const first = beat(0);
      await clock.advance(phase);
      for (const side of sides) side.heardAt = clock.monotonic();
      const second = beat(1);

      await clock.advance(1_000);

      for (const { longest, silences } of sides) {
        assert.equal(silences, 0);
        assert.ok(longest > 0 && longest <= 20, `silent for ${longest} at phase ${phase}`);
      }
      first.stop();
      second.stop();
    }
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
