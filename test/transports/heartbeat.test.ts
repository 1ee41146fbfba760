import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { type HeartbeatOptions, startHeartbeat } from '../../transports/heartbeat.ts';
import { agentLimits, defaultLimits } from '../../transports/limits.ts';

function start(limits: { readonly pingMs: number; readonly silenceMs: number }) {
  const virtual = createVirtualClock();
  const seen = { receivedBytes: 0, sentBytes: 0, deaf: false, pings: 0, silences: 0 };
  let pausedMs = 0;
  const heartbeat = startHeartbeat(
    {
      receivedBytes: () => seen.receivedBytes,
      sentBytes: () => seen.sentBytes,
      isDeaf: () => seen.deaf,
      ping: () => {
        seen.pings += 1;
        seen.sentBytes += 1;
      },
      silent: () => {
        seen.silences += 1;
      },
    },
    {
      clock: {
        now: () => virtual.now() + pausedMs,
        monotonic: () => virtual.monotonic() + pausedMs,
        schedule: (delayMs, callback) => virtual.schedule(delayMs, callback),
      },
      limits,
    },
  );
  /** Time passes, and nothing of this process runs meanwhile. */
  const pause = (durationMs: number) => {
    pausedMs += durationMs;
  };
  return { clock: virtual, seen, pause, heartbeat };
}

/** Two sides with nothing to say but pings and their answers; the second begins `phase` later, and the times are from then on. */
async function converse({
  limits,
  phase,
  forMs,
}: {
  readonly limits: readonly [HeartbeatOptions['limits'], HeartbeatOptions['limits']];
  readonly phase: number;
  readonly forMs: number;
}) {
  const clock = createVirtualClock();
  const sides = limits.map(() => ({ bytes: 0, pings: 0, heardAt: 0, longest: 0, silences: 0 }));
  const hear = (side: number) => {
    const heard = sides[side];
    if (heard === undefined) return;
    heard.bytes += 1;
    heard.longest = Math.max(heard.longest, clock.monotonic() - heard.heardAt);
    heard.heardAt = clock.monotonic();
  };
  const beat = (side: 0 | 1) =>
    startHeartbeat(
      {
        receivedBytes: () => sides[side]?.bytes ?? 0,
        sentBytes: () => sides[1 - side]?.bytes ?? 0,
        isDeaf: () => false,
        ping: () => {
          const asking = sides[side];
          if (asking !== undefined) asking.pings += 1;
          hear(1 - side);
          hear(side);
        },
        silent: () => {
          const silent = sides[side];
          if (silent !== undefined) silent.silences += 1;
        },
      },
      { clock, limits: limits[side] },
    );
  const first = beat(0);
  await clock.advance(phase);
  for (const side of sides) side.heardAt = clock.monotonic();
  const second = beat(1);
  await clock.advance(forMs);
  first.stop();
  second.stop();
  return { sides, pings: sides.reduce((sum, side) => sum + side.pings, 0) };
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

  it('does not ping while something comes in and something goes out', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 10, silenceMs: 30 });

    for (let step = 0; step < 10; step += 1) {
      seen.receivedBytes += 1;
      seen.sentBytes += 1;
      await clock.advance(10);
    }
    const whileHeard = seen.pings;
    await clock.advance(10);

    assert.deepEqual([whileHeard, seen.pings, seen.silences], [0, 1, 0]);
    heartbeat.stop();
  });

  it('pings whatever comes in while it says nothing, for the other side may hear nothing of it', async () => {
    for (const deaf of [true, false]) {
      const { clock, seen, heartbeat } = start({ pingMs: 10, silenceMs: 30 });
      seen.deaf = deaf;

      for (let step = 0; step < 10; step += 1) {
        seen.receivedBytes += 1;
        await clock.advance(10);
      }

      assert.ok(seen.pings >= 6, `expected a ping every 15 ms of 100 at least, got ${seen.pings}`);
      heartbeat.stop();
    }
  });

  it('pings in every tick where one silent tick is the end', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 1_000, silenceMs: 30 });

    for (let step = 0; step < 10; step += 1) {
      seen.receivedBytes += 1;
      await clock.advance(15);
    }

    assert.deepEqual([seen.pings, seen.silences], [10, 0]);
    heartbeat.stop();
  });

  it('lets two sides take turns, each hearing of the other within three ticks, whatever their phases', async () => {
    for (const phase of [0, 1, 4, 5, 9]) {
      const limits = { pingMs: 10, silenceMs: 30 };

      const { sides, pings } = await converse({ limits: [limits, limits], phase, forMs: 1_000 });

      for (const { longest, silences } of sides) {
        assert.equal(silences, 0);
        assert.ok(longest > 0 && longest <= 15, `silent for ${longest} at phase ${phase}`);
      }
      assert.ok(pings <= 101, `expected about one ping every 10 to 15 of both together, got ${pings}`);
    }
  });

  it('has an agent and its hub hear of each other every ten seconds, and the agent ask', async () => {
    for (const phase of [0, 1, 1_000, 3_299, 3_300, 4_999]) {
      const { sides } = await converse({ limits: [agentLimits, defaultLimits], phase, forMs: 600_000 });

      for (const { longest, silences } of sides) {
        assert.equal(silences, 0);
        assert.ok(longest > 5_000 && longest <= 10_000, `silent for ${longest} at phase ${phase}`);
      }
      const [agent, hub] = sides.map(({ pings }) => pings);
      assert.ok(Number(agent) <= 62, `expected one every 9.9 s, got ${agent} in ten minutes`);
      assert.ok(Number(hub) <= 1, `expected the hub to answer alone, got ${hub}`);
    }
  });

  it('calls silence once, within its time and at most a tick sooner, whenever the last byte came', async () => {
    for (let last = 0; last < 20; last += 1) {
      const { clock, seen } = start({ pingMs: 10, silenceMs: 30 });
      await clock.advance(last);
      seen.receivedBytes += 1;

      await clock.advance(24);
      assert.equal(seen.silences, 0, `last byte at ${last}`);
      await clock.advance(6);

      assert.equal(seen.silences, 1, `last byte at ${last}`);
      assert.equal(clock.pending, 0);
    }
  });

  it('gives the other side half of the time to answer a ping', async () => {
    const { clock, seen, heartbeat } = start({ pingMs: 10, silenceMs: 30 });

    await clock.advance(10);
    assert.equal(seen.pings, 1);
    await clock.advance(14);
    seen.receivedBytes += 1;
    await clock.advance(20);

    assert.equal(seen.silences, 0);
    heartbeat.stop();
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

  it('counts no silence for a tick that comes late, because bytes may wait that nobody could read', async () => {
    const { clock, seen, pause, heartbeat } = start({ pingMs: 10, silenceMs: 30 });
    await clock.advance(20);
    pause(12);
    await clock.advance(5);
    const afterPause = seen.silences;
    seen.receivedBytes += 1;

    await clock.advance(20);

    assert.deepEqual([afterPause, seen.silences], [0, 0]);
    heartbeat.stop();
  });

  it('asks at once after a long pause, and keeps a channel whose other side answers', async () => {
    const { clock, seen, pause, heartbeat } = start({ pingMs: 10, silenceMs: 30 });
    await clock.advance(20);
    const before = seen.pings;
    pause(3_600_000);
    await clock.advance(5);
    const asked = seen.pings - before;
    await clock.advance(9);
    seen.receivedBytes += 1;

    await clock.advance(20);

    assert.deepEqual([asked, seen.silences], [1, 0]);
    heartbeat.stop();
  });

  it('finds a dead channel soon after a long pause', async () => {
    const { clock, seen, pause } = start({ pingMs: 10, silenceMs: 30 });
    seen.receivedBytes += 1;
    await clock.advance(5);
    pause(3_600_000);
    await clock.advance(5);
    const atOnce = seen.silences;

    await clock.advance(10);

    assert.deepEqual([atOnce, seen.silences], [0, 1]);
  });
});
