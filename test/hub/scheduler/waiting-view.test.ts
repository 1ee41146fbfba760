import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../hub/fleet/fleet.ts';
import { JobQueue } from '../../../hub/scheduler/job-queue.ts';
import { WaitingOverview } from '../../../hub/scheduler/waiting-overview.ts';
import { WaitingGathering, type WaitingView } from '../../../hub/scheduler/waiting-view.ts';
import { type Waiting, waitingReasons } from '../../../protocol/job.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench } from './scheduler-bench.ts';

checkLeaks();

function gatherWaiting(found: readonly Waiting[]): WaitingView {
  const gathering = new WaitingGathering();
  for (const { agent, reason, message = null } of found) gathering.add(agent, reason, message);
  return gathering.toView();
}

describe('why a job waits', () => {
  it('names the nearest agents first and no more than twenty, and counts all of them', () => {
    const many: Waiting[] = [];
    for (let index = 0; index < 5000; index++) many.push({ agent: `far-${index}`, reason: 'labels' });
    for (let index = 0; index < 3; index++) many.push({ agent: `near-${index}`, reason: 'slots' });
    many.push({ agent: 'away', reason: 'offline' });

    const { agents, reasons } = gatherWaiting(many);

    assert.deepEqual(reasons, [
      { reason: 'slots', agents: 3 },
      { reason: 'offline', agents: 1 },
      { reason: 'labels', agents: 5000 },
    ]);
    assert.equal(agents.length, 20);
    assert.deepEqual(
      agents.slice(0, 5).map(({ agent }) => agent),
      ['near-0', 'near-1', 'near-2', 'away', 'far-0'],
    );
  });

  it('knows every reason that there is', () => {
    const { reasons } = gatherWaiting(waitingReasons.map((reason) => ({ agent: 'a1', reason })));

    assert.deepEqual(reasons.map(({ reason }) => reason).toSorted(), waitingReasons.toSorted());
  });

  it('is that the account has no agent, where it has none', async () => {
    await using bench = await createSchedulerBench();
    const job = await bench.submit();
    await bench.settle();

    const alone = bench.scheduler.overview.of(job);
    await bench.agent('a1', { automations: [{ name: 'else' }] });
    const joined = bench.scheduler.overview.of(job);

    assert.deepEqual(alone, { agents: [], reasons: [{ reason: 'no-agent', agents: 0 }] });
    assert.deepEqual(joined.reasons, [{ reason: 'automation', agents: 1 }]);
  });

  it('is told as it is now, however often it was asked before', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { automations: [{ name: 'else' }] });
    const job = await bench.submit();
    await bench.settle();
    const reasons = () => bench.scheduler.overview.of(job).agents.map(({ reason }) => reason);

    const before = [reasons(), reasons()];
    agent.disconnect();
    agent.report({ automations: [{}] });
    const offline = reasons();

    assert.deepEqual(before, [['automation'], ['automation']]);
    assert.deepEqual(offline, ['offline']);
  });

  it('is called the store’s fault while the store takes no offers, and about to end when an agent can take it', async () => {
    await using bench = await createSchedulerBench();
    const takeAgain = bench.failOffers();
    await bench.agent('a1');
    await bench.submit();
    await bench.settle();
    const obstacle = () => bench.scheduler.overview.groups().groups[0]?.obstacle;

    const failing = obstacle();
    takeAgain();
    await bench.clock.advance(1_000);
    await bench.settle();

    assert.equal(failing, 'store');
    assert.deepEqual(bench.scheduler.overview.groups().groups, []);
  });

  it('is looked at for so many jobs that ask for different things, and the others are counted', () => {
    const queue = new JobQueue();
    const job = { account: 'a', automation: 'greet', priority: 0, createdAt: 0, digest: null, misfits: [] };
    for (let index = 0; index < 2_003; index++) queue.add({ ...job, id: `job-${index}`, selector: `n=${index}` });
    const fleet = new Fleet(systemClock);
    const overview = new WaitingOverview({
      queue,
      fleet,
      whyNotNow: () => null,
      revision: () => 0,
      isPaused: () => false,
    });

    const { groups, more } = overview.groups();

    assert.equal(groups.length, 2_000);
    assert.deepEqual(more, { groups: 3, jobs: 3 });
  });
});
