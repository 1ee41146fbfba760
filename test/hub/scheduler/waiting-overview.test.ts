import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Fleet } from '../../../hub/fleet/fleet.ts';
import { JobQueue } from '../../../hub/scheduler/job-queue.ts';
import { WaitingOverview } from '../../../hub/scheduler/waiting-overview.ts';
import type { AgentRecord, JobRecord } from '../../../hub/store/records.ts';
import type { WaitingReason } from '../../../protocol/job.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

function agentOf(account: string): AgentRecord {
  return {
    id: account,
    account,
    name: `agent of ${account}`,
    publicKey: account,
    nextPublicKey: null,
    labels: {},
    desired: { schedulable: true, drain: false, note: null, replaceKey: null },
    desiredVersion: 1,
    report: null,
    reportedAt: null,
    lastSeenAt: null,
    createdAt: 0,
    revokedAt: null,
    lease: null,
  };
}

function jobOf(account: string): JobRecord {
  return { id: `job of ${account}`, account, automation: 'greet', selector: '' } as JobRecord;
}

it('Why a job waits is told of the agents that serve its account, whoever else waits for the same', () => {
  const fleet = new Fleet(createVirtualClock());
  for (const account of ['red', 'blue']) fleet.put(agentOf(account));
  let [reason, revision]: [WaitingReason, number] = ['labels', 1];
  const overview = new WaitingOverview({
    queue: new JobQueue(),
    fleet,
    whyNotNow: () => reason,
    revision: () => revision,
    isPaused: () => false,
  });

  const [red, blue] = [overview.of(jobOf('red')), overview.of(jobOf('blue'))];
  [reason, revision] = ['slots', 2];
  const later = overview.of(jobOf('red'));

  assert.deepEqual(red.agents, [{ agent: 'agent of red', reason: 'labels' }]);
  assert.deepEqual(blue.agents, [{ agent: 'agent of blue', reason: 'labels' }]);
  assert.deepEqual(later.agents, [{ agent: 'agent of red', reason: 'slots' }]);
});
