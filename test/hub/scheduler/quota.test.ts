import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Quotas } from '../../../protocol/account.ts';
import { resultOf } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { automationOf, type BenchAgent, createSchedulerBench, type SchedulerBench } from './scheduler-bench.ts';

checkLeaks();

async function setRunning(bench: SchedulerBench, account: string, runningJobs: Quotas['runningJobs']): Promise<void> {
  const quotas = { queuedJobs: null, runningJobs, logBytes: null };
  await bench.store.apply('set-quotas', { account, quotas, ifVersion: null, actor: 'test', at: bench.clock.now() });
}

/** The job that the agent was offered at that place runs, and ends well. */
async function end(bench: SchedulerBench, agent: BenchAgent, place: number): Promise<void> {
  const attemptId = agent.offers[place]?.id ?? '';
  const session = { attemptId, agentId: agent.id, epoch: { leaseEpoch: 1, opens: 1 } };
  const at = bench.clock.now();
  await bench.store.apply('open-attempt', { ...session, folderId: agent.id, have: 'claimed', at });
  await bench.store.apply('end-attempt', {
    ...session,
    result: resultOf('succeeded'),
    storedLog: { bytes: 0, sha256: '', complete: true, gaps: [] },
    retrySafe: false,
    at,
  });
  await bench.settle();
}

const jobsOf = ({ offers }: BenchAgent) => offers.map(({ jobId }) => jobId);

describe('an account that has as many jobs on agents as it may', () => {
  it('goes on when one of them is called lost, whose slot nobody gives back', async () => {
    await using bench = await createSchedulerBench();
    await setRunning(bench, 'red', 1);
    const agent = await bench.agent('a1', { slots: 2 });
    await bench.submit({ account: 'red' });
    const second = await bench.submit({ account: 'red' });
    await bench.settle();
    const attemptId = agent.offers[0]?.id ?? '';
    const session = { attemptId, agentId: agent.id, epoch: { leaseEpoch: 1, opens: 1 } };
    const at = bench.clock.now();
    await bench.store.apply('open-attempt', { ...session, folderId: agent.id, have: 'claimed', at });
    await bench.settle();
    const before = agent.offers.length;

    await bench.store.apply('lose-attempts', { attemptIds: [attemptId], retrySafe: [false], at });
    await bench.settle();

    assert.equal(before, 1);
    assert.equal(jobsOf(agent)[1], second.id);
  });

  it('waits for one of them to be over, says so, and holds nobody else up', async () => {
    await using bench = await createSchedulerBench();
    await setRunning(bench, 'red', 1);
    const agent = await bench.agent('a1', { slots: 4 });
    const first = await bench.submit({ account: 'red' });
    const second = await bench.submit({ account: 'red', priority: 1000 });
    await bench.settle();
    const third = await bench.submit({ account: 'red' });
    const other = await bench.submit({ account: 'blue' });
    await bench.settle();

    const reasons = bench.scheduler.overview.of(third).agents;
    const obstacles = bench.scheduler.overview
      .groups()
      .groups.map(({ account, jobs, obstacle }) => [account, jobs, obstacle]);
    const before = jobsOf(agent);
    await end(bench, agent, 0);

    assert.equal(before.length, 2);
    assert.ok(before.includes(other.id));
    assert.deepEqual(reasons, [{ agent: 'a1', reason: 'quota' }]);
    assert.deepEqual(obstacles, [['red', 2, 'quota']]);
    assert.equal(jobsOf(agent).length, 3);
    assert.equal(new Set([...jobsOf(agent), first.id, second.id, third.id]).size, 4);
    assert.deepEqual(bench.scheduler.overview.of(third).agents, [{ agent: 'a1', reason: 'quota' }]);
  });

  it('is not offered a job as it is submitted, either', async () => {
    await using bench = await createSchedulerBench();
    await setRunning(bench, 'default', 1);
    await bench.agent('a1', { slots: 4 });

    const first = await bench.submitAtOnce();
    const second = await bench.submitAtOnce();
    await bench.settle();

    assert.deepEqual([first.offered, second.offered], [true, false]);
    assert.equal(bench.scheduler.queued('default'), 1);
  });

  it('goes on as soon as it may have more', async () => {
    await using bench = await createSchedulerBench();
    await setRunning(bench, 'default', 0);
    const agent = await bench.agent('a1', { slots: 4 });
    await bench.submit();
    await bench.submit();
    await bench.settle();
    const none = jobsOf(agent).length;

    await setRunning(bench, 'default', 1);
    await bench.settle();
    const one = jobsOf(agent).length;
    await setRunning(bench, 'default', 'unlimited');
    await bench.settle();

    assert.deepEqual([none, one, jobsOf(agent).length], [0, 1, 2]);
  });

  it('goes on with an agent that came meanwhile, for which nothing changes any more', async () => {
    await using bench = await createSchedulerBench();
    const greeter = await bench.agent('a1');
    const lonely = await bench.submit({ automation: 'other' });
    await bench.settle();
    await setRunning(bench, 'default', 1);
    await bench.submit();
    await bench.settle();
    const late = await bench.agent('a2', { automations: [automationOf({ name: 'other' })] });
    await bench.settle();
    assert.deepEqual([greeter.offers.length, late.offers.length], [1, 0]);

    await end(bench, greeter, 0);

    assert.deepEqual(jobsOf(late), [lonely.id]);
  });

  it('has the jobs that agents had before the hub was started anew', async () => {
    await using bench = await createSchedulerBench();
    await setRunning(bench, 'default', 1);
    await bench.agent('a1', { slots: 4 });
    await bench.submit();
    await bench.settle();

    await bench.restart();

    assert.equal(bench.scheduler.quota.running('default'), 1);
    assert.equal(bench.scheduler.quota.holds('default'), true);
  });

  it('has one job less when an offer is not answered', async () => {
    await using bench = await createSchedulerBench();
    await setRunning(bench, 'default', 1);
    await bench.agent('a1');
    const heal = bench.failOffers();
    await bench.submit();
    await bench.settle();
    const failed = bench.scheduler.quota.running('default');
    heal();
    await bench.clock.advance(2000);
    await bench.settle();

    assert.deepEqual([failed, bench.scheduler.quota.running('default')], [0, 1]);
  });
});
