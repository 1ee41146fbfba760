import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../hub/fleet/fleet.ts';
import type { AgentLink } from '../../../hub/fleet/live-agent.ts';
import type { AgentRecord, AttemptRecord } from '../../../hub/store/records.ts';
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

function linkOf(): AgentLink {
  return { leaseEpoch: 1, publishAttempt: () => {}, publishDesired: () => {}, close: async () => {} };
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

  it('tells of the agents that serve an account, each once: its own, and those of the hub', () => {
    const fleet = new Fleet(createVirtualClock());
    fleet.put(recordOf('hub', null));
    fleet.put({ ...recordOf('red', null), account: 'red' });
    fleet.put({ ...recordOf('blue', null), account: 'blue' });
    const namesOf = (account: string) => [...fleet.serving(account)].map(({ name }) => name);

    assert.deepEqual(namesOf('default'), ['hub']);
    assert.deepEqual(namesOf('red'), ['red', 'hub']);
  });

  it('never takes an agent in again that was removed', () => {
    const fleet = new Fleet(createVirtualClock());
    fleet.put(recordOf('a1', null));

    fleet.remove('a1');
    fleet.put(recordOf('a1', null));

    assert.equal(fleet.get('a1'), undefined);
    assert.equal(fleet.isGone('a1'), true);
    assert.deepEqual([...fleet.serving('default')], []);
  });

  it('knows when an agent was heard of last that has no link, also of one that is gone, and forgives its own sleep', async () => {
    const clock = createVirtualClock();
    const fleet = new Fleet(clock);
    const begun = clock.monotonic();
    for (const id of ['left', 'gone', 'silent']) fleet.put(recordOf(id, null));
    fleet.connected('left', linkOf());
    const link = linkOf();
    fleet.connected('gone', link);
    await clock.advance(1_000);
    fleet.remove('gone');
    await clock.advance(1_000);
    fleet.disconnected('left', linkOf());
    const ofAnother = fleet.get('left')?.link !== null;
    fleet.disconnected('left', fleet.get('left')?.link ?? linkOf());
    await clock.advance(5_000);
    const heard = () => ['left', 'gone', 'silent', 'unknown'].map((id) => fleet.heardAt(id));
    const before = heard();

    fleet.forgive(500);
    const forgiven = heard();
    fleet.forgive(3_600_000);

    assert.equal(ofAnother, true);
    assert.deepEqual(before, [begun + 2_000, begun + 1_000, begun, null]);
    assert.deepEqual(forgiven, [begun + 2_500, begun + 1_500, begun + 500, null]);
    assert.deepEqual(heard(), [begun + 7_000, begun + 7_000, begun + 7_000, null]);
  });

  it('counts an attempt against the slots once, and tells when there is room again', () => {
    const fleet = new Fleet(createVirtualClock());
    const agent = fleet.put(recordOf('a1', null));
    const room: string[] = [];
    fleet.onRoom(({ name }) => void room.push(name));
    for (const id of ['t1', 't1', 't2']) fleet.reserve(agent, id, 'greet');
    const taken = [agent.busyTotal, agent.busy.get('greet')];

    for (const id of ['t1', 't1', 'unknown']) fleet.release(id);

    assert.deepEqual(taken, [2, 2]);
    assert.deepEqual([agent.busyTotal, agent.busy.get('greet')], [1, 1]);
    assert.deepEqual(room, ['a1']);
  });

  it('tells of room when something else is wished of an agent', () => {
    const fleet = new Fleet(createVirtualClock());
    fleet.put(recordOf('a1', null));
    const room: string[] = [];
    fleet.onRoom(({ name }) => void room.push(name));

    fleet.put({ ...recordOf('a1', null), desiredVersion: 2 });

    assert.deepEqual(room, ['a1']);
  });

  it('calls safe to run again what the agent says of that very form', () => {
    const fleet = new Fleet(createVirtualClock());
    const safe = automationOf({ retrySafe: true });
    fleet.put(recordOf('a1', reportOf({ automations: [safe, automationOf({ name: 'wipe' })] })));
    const isSafe = (change: Partial<AttemptRecord>) =>
      fleet.isRetrySafe({ agentId: 'a1', automation: 'greet', digest: safe.digest, ...change } as AttemptRecord);

    assert.deepEqual(
      [isSafe({}), isSafe({ digest: null }), isSafe({ digest: 'b'.repeat(64) }), isSafe({ automation: 'wipe' })],
      [true, true, false, false],
    );
    fleet.remove('a1');
    assert.equal(isSafe({}), true);
  });

  it('calls safe to run again what the agent said of it then, where it offers nothing of that name now', () => {
    const fleet = new Fleet(createVirtualClock());
    const { digest } = automationOf({});
    fleet.put(recordOf('a1', reportOf({ automations: [automationOf({ name: 'wipe' })] })));
    const isSafe = (change: Partial<AttemptRecord>) =>
      fleet.isRetrySafe({ agentId: 'a1', automation: 'greet', digest, retrySafe: true, ...change } as AttemptRecord);

    assert.deepEqual(
      [isSafe({}), isSafe({ agentId: 'a2' }), isSafe({ retrySafe: false }), isSafe({ automation: 'wipe' })],
      [true, true, false, false],
    );
  });

  it('gives each agent a label of its name, which none can claim for another', () => {
    const fleet = new Fleet(createVirtualClock());

    const agent = fleet.put({ ...recordOf('a1', null), labels: { site: 'ams', 'farhand.io/agent': 'a2' } });

    assert.deepEqual(agent.labels, { site: 'ams', 'farhand.io/agent': 'a1' });
  });
});
