import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createReportSink } from '../../../hub/control/agent-resource.ts';
import { SharedTurns } from '../../../hub/control/shared-turns.ts';
import type { AgentReport } from '../../../protocol/agent-report.ts';
import { reportOf } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { closedAdmission } from '../../support/sample-admission.ts';
import { createSchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

it('what an agent reports is stored when it closes, opens or says why, not for every figure that it measures', async () => {
  await using bench = await createSchedulerBench();
  const { store, fleet, clock } = bench;
  const { id } = await bench.agent('a1');
  const sink = createReportSink({ store, fleet, agentId: id, clock, turns: new SharedTurns({ clock, everyMs: 20 }) });
  /** Whether it was stored. */
  const report = async (change: Partial<AgentReport>) => {
    const before = store.commits();
    await sink.apply({ id, version: 1, hash: 'h', status: reportOf(change) });
    return store.commits() > before;
  };
  const closed = closedAdmission();
  const values = { ...closed.values, memory: { percent: 71, from: 'machine' } as const, loopLagMeanMs: 90 };

  assert.equal(await report({}), true);
  assert.equal(await report({ loopLagMs: 7, slots: { total: 4, used: 3 } }), false);
  assert.equal(await report({ admission: closed }), true);
  assert.equal(await report({ admission: { ...closed, values }, loopLagMs: 90 }), false);
  assert.equal(fleet.get(id)?.report?.admission?.values.loopLagMeanMs, 90);
  assert.equal(await report({ admission: { ...closed, reasons: [{ kind: 'io', message: 'io' }], values } }), true);
  assert.equal(await report({ admission: { ...closed, state: 'open', reasons: [], values } }), true);
});
