import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFactsSink } from '../../../hub/control/facts-resource.ts';
import { factsAllowance, NewsBudget } from '../../../hub/control/news-budget.ts';
import { FactsReport } from '../../../protocol/facts.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

function report(value: number): FactsReport {
  const collectedAt = new Date(value * 1000).toISOString();
  return {
    probe: 'host',
    digest: 'a'.repeat(64),
    facts: { value },
    collectedAt,
    durationMs: 1,
    volatile: [],
    error: null,
  };
}

describe('facts that an agent floods the hub with', () => {
  it('are stored as fast as a budget of the agent allows, whichever link they come by', async () => {
    await using bench = await createSchedulerBench();
    const { store, clock } = bench;
    const { id: agentId } = await bench.agent('a1');
    const budget = new NewsBudget({ clock, ...factsAllowance });
    const link = new AbortController();
    const sinkOf = () => createFactsSink({ store, agentId, budget, clock, link });
    const changes = async () => {
      const events = await store.queries.auditOf('default', `agent:${agentId}`, 0, 1000);
      return events.filter(({ action }) => action === 'facts.changed').length;
    };

    for (let value = 0; value < 200; value++) {
      await sinkOf().apply({ id: 'host', version: 0, hash: 'h', status: report(value) });
    }
    for (let again = 0; again < 300; again++) {
      // What was told before costs nothing.
      if (again === 0) await clock.advance(5_000);
      await sinkOf().apply({ id: 'host', version: 0, hash: 'h', status: report(199) });
    }
    await sinkOf().apply({ id: 'host', version: 0, hash: 'h', status: report(200) });
    const waiting = sinkOf().apply({ id: 'host', version: 0, hash: 'h', status: report(201) });
    await bench.settle();
    const before = await changes();
    await clock.advance(5_000);
    await waiting;

    assert.deepEqual([before, await changes()], [201, 202]);
  });

  it('wait no longer than their link lasts, and delay nobody else', async () => {
    await using bench = await createSchedulerBench();
    const { clock } = bench;
    const budget = new NewsBudget({ clock, ...factsAllowance });
    const link = new AbortController();
    for (let count = 0; count < 200; count++) await budget.take('loud', link);

    const waiting = budget.take('loud', link);
    const other = await budget.take('calm', link);
    link.abort();

    assert.deepEqual([await waiting, other], [false, true]);
  });

  it('are refused where a number is not whole, as the store has it', () => {
    assert.equal(FactsReport.safeParse({ ...report(1), durationMs: 1.5 }).success, false);
    assert.equal(FactsReport.safeParse({ ...report(1), durationMs: 1e300 }).success, false);
  });
});

describe('the budget of an agent', () => {
  it('grows with the time, however often it is looked at meanwhile', async () => {
    const clock = createVirtualClock();
    const budget = new NewsBudget({ clock, atOnce: 10, refillEveryMs: 1_000 });
    budget.takeSome('a1', 10);

    let taken = 0;
    for (let look = 0; look < 10; look += 1) {
      await clock.advance(600);
      taken += budget.takeSome('a1', 10);
    }

    assert.equal(taken, 6);
  });

  it('never grows beyond what it was at first', async () => {
    const clock = createVirtualClock();
    const budget = new NewsBudget({ clock, atOnce: 10, refillEveryMs: 1_000 });
    budget.takeSome('a1', 3);

    await clock.advance(3_600_000);

    assert.equal(budget.takeSome('a1', 100), 10);
  });
});
