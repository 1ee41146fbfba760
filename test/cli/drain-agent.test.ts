import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentEnd } from '../../agent/agent.ts';
import { drainAgent } from '../../cli/drain-agent.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';

/** An agent that is asked to leave, and leaves when the test says so, if ever. */
function askToLeave(drainThen: 'leave' | 'cancel' | 'cancel-all') {
  const clock = createVirtualClock();
  const forced = new AbortController();
  const leaving = Promise.withResolvers<AgentEnd>();
  const errors: string[] = [];
  let end: AgentEnd | null = null;
  void drainAgent(
    { drain: () => leaving.promise },
    {
      config: { drainSeconds: 20, drainThen, graceSeconds: 10 },
      shutdown: { forced: forced.signal, reason: () => 'SIGTERM' },
      clock,
      logger: { ...silentLogger, error: (_fields, message) => void errors.push(message) },
    },
  ).then((ended) => void (end = ended));
  return { clock, leaving, errors, force: () => forced.abort(), end: () => end };
}

describe('an agent that is asked to leave', () => {
  it('ends as it left', async () => {
    const { clock, leaving, errors, end } = askToLeave('leave');

    leaving.resolve({ type: 'drained' });
    await clock.settle();

    assert.deepEqual(end(), { type: 'drained' });
    assert.equal(clock.pending, 0);
    assert.deepEqual(errors, []);
  });

  it('ends at once when it is asked again', async () => {
    const { clock, errors, force, end } = askToLeave('leave');

    force();
    await clock.settle();

    assert.deepEqual(end(), { type: 'left' });
    assert.deepEqual(errors, []);
  });

  for (const [drainThen, boundMs] of [
    ['leave', 30_000],
    ['cancel', 55_000],
    ['cancel-all', 85_000],
  ] as const)
    it(`ends all the same when what it waits for never comes (${drainThen})`, async () => {
      const { clock, errors, end } = askToLeave(drainThen);

      await clock.advance(boundMs - 1);
      assert.equal(end(), null);
      await clock.advance(1);

      assert.deepEqual(end(), { type: 'left' });
      assert.deepEqual(errors, ['agent leaves out of order: something it waits for gives no answer']);
    });
});
