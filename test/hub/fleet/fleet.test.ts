import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../hub/fleet/fleet.ts';
import type { AgentRecord } from '../../../hub/store/records.ts';
import type { AgentReport } from '../../../protocol/agent-report.ts';
import type { AutomationSummary } from '../../../protocol/automation-summary.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { reportOf } from '../../contract/store/scene.ts';

function automationOf(change: Partial<AutomationSummary>): AutomationSummary {
  return {
    name: 'greet',
    kind: 'command',
    executor: 'process',
    digest: 'a'.repeat(64),
    description: null,
    parameters: { type: 'object' },
    outputs: null,
    timeoutSeconds: null,
    retrySafe: false,
    maxConcurrent: null,
    ...change,
  };
}

function recordOf(id: string, report: AgentReport | null): AgentRecord {
  return {
    id,
    account: 'default',
    name: id,
    publicKey: id,
    nextPublicKey: null,
    labels: { site: id },
    desired: { schedulable: true, drain: false, note: null, replaceKey: null },
    desiredVersion: 1,
    report,
    reportedAt: null,
    lastSeenAt: null,
    createdAt: 0,
    revokedAt: null,
    lease: null,
  };
}

describe('the fleet', () => {
  it('keeps what agents offer once for all that offer the same', () => {
    const fleet = new Fleet(createVirtualClock());
    const report = (change: Partial<AutomationSummary>) => reportOf({ automations: [automationOf(change)] });
    for (const id of ['a1', 'a2', 'a3']) fleet.put(recordOf(id, null));

    fleet.reported('a1', report({}));
    fleet.reported('a2', report({}));
    fleet.reported('a3', report({ parameters: null }));

    const [first, same, other] = ['a1', 'a2', 'a3'].map((id) => fleet.get(id));
    assert.equal(first?.automations, same?.automations);
    assert.equal(first?.report?.automations, same?.report?.automations);
    assert.deepEqual(same?.automations.get('greet')?.parameters, { type: 'object' });
    assert.equal(other?.automations.get('greet')?.parameters, null);
  });

  it('knows an agent by its stored report until it reports itself, and by its newest report from then on', () => {
    const fleet = new Fleet(createVirtualClock());
    const stored = reportOf({ automations: [automationOf({ name: 'old' })] });
    const agent = fleet.put(recordOf('a1', stored));
    const before = agent.report;

    fleet.reported('a1', reportOf({ automations: [automationOf({ name: 'new' })] }));
    fleet.put({ ...recordOf('a1', stored), labels: { site: 'moved' } });

    assert.deepEqual(before, stored);
    assert.deepEqual([...agent.automations.keys()], ['new']);
    assert.deepEqual(
      agent.report?.automations.map(({ name }) => name),
      ['new'],
    );
    assert.deepEqual(agent.labels, { site: 'moved', 'farhand.io/agent': 'a1' });
  });
});
