import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFactsSink } from '../../../hub/control/facts-resource.ts';
import { factsAllowance, NewsBudget } from '../../../hub/control/news-budget.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

it('Facts of a probe are not taken that come as those of another', async () => {
  await using bench = await createSchedulerBench();
  const { store, clock } = bench;
  const { id: agentId } = await bench.agent('a1');
  const budget = new NewsBudget({ clock, ...factsAllowance });
  const sink = createFactsSink({ store, agentId, budget, clock, link: new AbortController() });
  const collectedAt = new Date(clock.now()).toISOString();
  const report = { digest: 'a'.repeat(64), facts: {}, collectedAt, durationMs: 1, volatile: [], error: null };

  await sink.apply({ id: 'host', version: 0, hash: 'h', status: { ...report, probe: 'disks' } });
  await sink.apply({ id: 'host', version: 0, hash: 'h', status: { ...report, probe: 'host' } });

  const { items } = await store.queries.allFactsOf(agentId, { limit: 10, cursor: null });
  assert.deepEqual(
    items.map(({ probe }) => probe),
    ['host'],
  );
});
