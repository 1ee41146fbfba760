import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgressBoard } from '../../hub/sessions/progress-board.ts';
import { followStore } from '../../hub/store-follower.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createSchedulerBench } from './scheduler/scheduler-bench.ts';

checkLeaks();

test('A hub that starts takes in all that waits, however many queries that takes', async () => {
  await using bench = await createSchedulerBench();
  const { store, fleet, scheduler } = bench;
  const job = await bench.submit();
  const limits = new Set<number>();
  const waiting = Array.from({ length: 2_001 }, () => ({ ...job, id: systemRandom.orderedUuid() }));
  const queuedJobs = async (after: string | null, limit: number) => {
    limits.add(limit);
    const first = waiting.findIndex(({ id }) => id === after) + 1;
    return waiting.slice(first, first + limit);
  };
  const loaded: string[] = [];

  using _ = await followStore({
    store: { ...store, queries: { ...store.queries, queuedJobs } },
    fleet,
    scheduler,
    hold: { loaded: () => {}, agentChanged: () => {} },
    control: { attemptChanged: () => {}, agentChanged: () => {} },
    sessions: { attemptChanged: () => {} },
    progress: createProgressBoard(),
    metrics: { loaded: (change) => void loaded.push(change.type === 'job' ? change.job.id : ''), changed: () => {} },
    logger: silentLogger,
  });

  // Full pages and a rest: what is asked for may change, this not.
  assert.ok([...limits].every((limit) => waiting.length % limit !== 0 && waiting.length > limit));
  assert.deepEqual(
    loaded,
    waiting.map(({ id }) => id),
  );
});
