import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountQuotas, noLimits } from '../../hub/quotas/account-quotas.ts';
import type { Scheduler } from '../../hub/scheduler/scheduler.ts';
import { createProgressBoard } from '../../hub/sessions/progress-board.ts';
import { followStore } from '../../hub/store-follower.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createSchedulerBench } from './scheduler/scheduler-bench.ts';

checkLeaks();

function kindOf(what: object | string): string {
  if (typeof what === 'string') return what;
  return 'type' in what ? String(what.type) : '';
}

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

test('Everybody who keeps a copy of what the store says hears of what concerns them, at the start and from then on', async () => {
  await using bench = await createSchedulerBench();
  const agent = await bench.agent('a1', { slots: 1 });
  await bench.submit();
  await bench.settle();
  const [offer] = agent.offers;
  assert.ok(offer);
  // So that nothing is offered again.
  agent.disconnect();
  const told: string[] = [];
  const tell = (who: string) => (what: object | string) => void told.push(`${who} ${kindOf(what)}`.trim());
  const { store, fleet } = bench;
  const progress = createProgressBoard();
  progress.set(offer, { percent: 50, message: null, outputs: null });
  const quotas = new AccountQuotas(noLimits);
  let woken = 0;

  using _ = await followStore({
    store,
    fleet,
    scheduler: {
      jobChanged: tell('scheduler'),
      attemptChanged: tell('scheduler'),
      wake: () => void woken++,
    } as unknown as Scheduler,
    quotas,
    hold: { loaded: tell('hold'), agentChanged: () => tell('hold')('agent') },
    control: { attemptChanged: tell('control'), agentChanged: () => tell('control')('agent') },
    sessions: { attemptChanged: tell('sessions') },
    progress,
    metrics: { loaded: tell('metrics'), changed: () => {} },
    logger: silentLogger,
  });
  const atStart = told.splice(0);
  const at = bench.clock.now();
  await store.apply('withdraw-offer', { attemptId: offer.id, why: 'timeout', message: null, at });
  const afterAttempt = told.splice(0);
  const wish = { schedulable: false, drain: true, note: null };
  await store.apply('set-agent-desired', { account: 'default', name: 'a1', desired: wish, actor: 'test', at });
  const afterAgent = told.splice(0);
  const given = { queuedJobs: null, runningJobs: 3, logBytes: null };
  await store.apply('set-quotas', { account: 'red', quotas: given, ifVersion: null, actor: 'test', at });

  assert.deepEqual(new Set(atStart), new Set(['metrics attempt', 'hold attempt', 'scheduler', 'sessions', 'control']));
  assert.deepEqual(new Set(afterAttempt), new Set(['scheduler', 'sessions', 'control']));
  assert.equal(progress.get(offer.id), null);
  assert.deepEqual(new Set(afterAgent), new Set(['hold agent', 'control agent']));
  assert.deepEqual([quotas.of('red').runningJobs, woken], [3, 1]);
});
