import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../hub/fleet/fleet.ts';
import { LostWatch } from '../../../hub/housekeeping/lost-watch.ts';
import type { Store } from '../../../hub/store/store.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench, type SchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

const lostAfterMs = 60_000;
/** So rarely that no time passes between two looks of a test that was not meant to. */
const everyMs = 1_000 * lostAfterMs;

/** A job that runs on an agent, and the watch over it, whose wall clock the test may set. */
async function runJob(bench: SchedulerBench) {
  const agent = await bench.agent('a1');
  const { id } = await bench.submit();
  await bench.settle();
  const attemptId = agent.offers[0]?.id ?? '';
  await bench.store.apply('open-attempt', {
    attemptId,
    agentId: agent.id,
    folderId: '11111111-1111-4111-8111-111111111111',
    have: 'claimed',
    epoch: { leaseEpoch: 1, opens: 1 },
    at: bench.clock.now(),
  });
  let jumpedMs = 0;
  const clock: Clock = {
    now: () => bench.clock.now() + jumpedMs,
    monotonic: () => bench.clock.monotonic(),
    schedule: (delayMs, callback) => bench.clock.schedule(delayMs, callback),
  };
  const { store, fleet } = bench;
  const speaking = new Set<string>();
  const watch = new LostWatch({
    store,
    fleet,
    clock,
    lostAfterMs,
    everyMs,
    isSpeaking: (attempt) => speaking.has(attempt),
  });
  return {
    id,
    agent,
    attemptId,
    speaking,
    watch,
    jump: (ms: number) => {
      jumpedMs += ms;
    },
  };
}

describe('the watch for lost attempts', () => {
  it('calls an attempt lost once its agent was silent for the whole time', async () => {
    await using bench = await createSchedulerBench();
    const { agent, attemptId, watch } = await runJob(bench);
    await bench.clock.advance(10 * lostAfterMs);
    const online = await watch.look();

    agent.disconnect();
    await bench.clock.advance(lostAfterMs - 1);
    const early = await watch.look();
    await bench.clock.advance(1);
    const late = await watch.look();

    assert.deepEqual([online, early, late], [[], [], [attemptId]]);
  });

  it('counts real time: a wall clock that jumps makes nobody silent', async () => {
    await using bench = await createSchedulerBench();
    const { id, agent, watch, jump } = await runJob(bench);
    agent.disconnect();

    jump(100 * lostAfterMs);
    await bench.clock.advance(1000);

    assert.deepEqual(await watch.look(), []);
    assert.equal((await bench.job(id)).state, 'running');
  });

  it('counts anew when the hub was started anew', async () => {
    await using bench = await createSchedulerBench();
    const { attemptId } = await runJob(bench);
    await bench.clock.advance(10 * lostAfterMs);

    await bench.restart();
    const { store, fleet, clock } = bench;
    const watch = new LostWatch({ store, fleet, clock, lostAfterMs, everyMs, isSpeaking: () => false });
    const early = await watch.look();
    await bench.clock.advance(lostAfterMs);

    assert.deepEqual(early, []);
    assert.deepEqual(await watch.look(), [attemptId]);
  });

  it('does not count the time in which this process did not run', async () => {
    await using bench = await createSchedulerBench();
    const { agent, attemptId } = await runJob(bench);
    const { store, fleet, clock } = bench;
    const watch = new LostWatch({ store, fleet, clock, lostAfterMs, everyMs: 1_000, isSpeaking: () => false });
    const lookFor = async (seconds: number) => {
      const lost: string[] = [];
      for (let second = 0; second < seconds; second += 1) {
        await clock.advance(1_000);
        lost.push(...(await watch.look()));
      }
      return lost;
    };
    agent.disconnect();

    const before = await lookFor(30);
    await clock.advance(100 * lostAfterMs);
    const [waking, after, late] = [await watch.look(), await lookFor(28), await lookFor(3)];

    assert.deepEqual([before, waking, after, late], [[], [], [], [attemptId]]);
  });

  it('does not count that time for an agent either that no fleet has', async () => {
    await using bench = await createSchedulerBench();
    const { attemptId } = await runJob(bench);
    const { store, clock } = bench;
    const fleet = new Fleet(clock);
    const watch = new LostWatch({ store, fleet, clock, lostAfterMs, everyMs: 1_000, isSpeaking: () => false });
    await clock.advance(1_000);
    await watch.look();

    await clock.advance(100 * lostAfterMs);
    const waking = await watch.look();
    const late: string[] = [];
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1_000);
      late.push(...(await watch.look()));
    }

    assert.deepEqual([waking, late], [[], [attemptId]]);
  });

  it('calls an attempt lost whose agent was revoked: no fleet has it any more', async () => {
    await using bench = await createSchedulerBench();
    const { attemptId } = await runJob(bench);
    const { store, clock } = bench;
    await clock.advance(10 * lostAfterMs);
    const watch = new LostWatch({
      store,
      fleet: new Fleet(clock),
      clock,
      lostAfterMs,
      everyMs,
      isSpeaking: () => false,
    });

    const early = await watch.look();
    await bench.clock.advance(lostAfterMs);

    assert.deepEqual([early, await watch.look()], [[], [attemptId]]);
  });

  it('leaves an attempt alone whose session is open', async () => {
    await using bench = await createSchedulerBench();
    const { agent, attemptId, speaking, watch } = await runJob(bench);
    agent.disconnect();
    speaking.add(attemptId);
    await bench.clock.advance(2 * lostAfterMs);

    assert.deepEqual(await watch.look(), []);
  });

  it('looks at each of very many attempts, whichever of them are silent', async () => {
    const count = 1_200;
    const ids = Array.from({ length: count }, (_, index) => String(index).padStart(5, '0'));
    const silent = ids.filter((_, index) => index % 700 === 3);
    const clock = createVirtualClock();
    const lost: string[] = [];
    let queries = 0;
    const store = {
      queries: {
        async allOpenAttempts(after: string | null, limit: number) {
          queries += 1;
          assert.ok(queries < 10, 'the same attempts are read again and again');
          const from = after === null ? 0 : ids.indexOf(after) + 1;
          return ids.slice(from, from + limit).map((id) => ({ id, agentId: 'a1', state: 'running' }));
        },
      },
      async apply(_: string, { attemptIds }: { readonly attemptIds: readonly string[] }) {
        lost.push(...attemptIds);
        return { lost: attemptIds };
      },
    } as unknown as Store;
    const isSpeaking = (attempt: string) => !silent.includes(attempt);
    const watch = new LostWatch({ store, fleet: new Fleet(clock), clock, lostAfterMs, everyMs, isSpeaking });
    await clock.advance(lostAfterMs);

    assert.deepEqual(await watch.look(), silent);
    assert.deepEqual(lost, silent);
  });
});
