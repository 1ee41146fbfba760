import assert from 'node:assert/strict';
import { it } from 'node:test';
import { drainHub } from '../../hub/drain-hub.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';

/** A hub with so many channels and sessions, which are told nothing else than to leave. */
function createPlace() {
  const clock = createVirtualClock();
  const told: string[] = [];
  const left = { channels: 1, sessions: 1 };
  const control = {
    get count() {
      return left.channels;
    },
    tellLeaving: async () => void told.push('leave'),
  };
  const arrivals = { shut: () => void told.push('shut') };
  const impatient = new AbortController();
  const parts = { control, sessions: { count: () => left.sessions }, arrivals, clock, logger: silentLogger };
  let isOver = false;
  const draining = drainHub(parts, { drainMs: 10_000, signal: impatient.signal }).then(() => {
    isOver = true;
  });
  return { clock, told, left, impatient, draining, isOver: () => isOver };
}

it('A hub that drains lets nobody in, tells its agents to leave, and waits for its channels and for its sessions', async () => {
  const { clock, told, left, draining, isOver } = createPlace();
  await clock.advance(500);
  left.channels = 0;
  await clock.advance(500);
  const withSession = isOver();
  left.sessions = 0;

  await clock.advance(200);

  assert.equal(withSession, false);
  assert.equal(isOver(), true);
  assert.deepEqual(told, ['shut', 'leave']);
  await draining;
});

it('A hub that drains waits no longer than it may', async () => {
  const { clock, draining, isOver } = createPlace();
  await clock.advance(9_900);
  const before = isOver();

  await clock.advance(200);

  assert.deepEqual([before, isOver()], [false, true]);
  await draining;
});

it('A hub that drains ends at once when it is told to', async () => {
  const { clock, impatient, draining, isOver } = createPlace();
  await clock.advance(200);

  impatient.abort();
  await draining;

  assert.equal(isOver(), true);
  assert.equal(clock.pending, 0);
});
