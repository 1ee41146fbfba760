import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HoldReason } from '../../../hub/scheduler/offer-hold.ts';
import { offerTimeoutMs } from '../../../hub/scheduler/offer-timeouts.ts';
import { resultOf } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench } from './scheduler-bench.ts';

checkLeaks();

const older = { digest: 'b'.repeat(64), parameters: { type: 'object', required: ['name'] } };

describe('the scheduler', () => {
  it('takes back an offer of an earlier hub that nobody opens', async () => {
    await using bench = await createSchedulerBench();
    await bench.agent('a1');
    const { id } = await bench.submit();
    await bench.settle();
    assert.equal((await bench.job(id)).state, 'offered');

    await bench.restart();
    await bench.clock.advance(offerTimeoutMs);
    await bench.settle();

    assert.equal((await bench.job(id)).state, 'queued');
  });

  it('gives a job that nobody opened to another agent than the one that is silent', async () => {
    await using bench = await createSchedulerBench();
    const silent = await bench.agent('a1');
    const { id } = await bench.submit();
    await bench.settle();
    const other = await bench.agent('a2');

    await bench.clock.advance(offerTimeoutMs);
    await bench.settle();

    assert.equal(silent.offers.length, 1);
    assert.deepEqual(
      other.offers.map(({ jobId }) => jobId),
      [id],
    );
  });

  it('gives a job that did not start on one machine to another', async () => {
    await using bench = await createSchedulerBench();
    const broken = await bench.agent('a1');
    const { id } = await bench.submit();
    await bench.settle();
    const other = await bench.agent('a2');
    const session = { attemptId: broken.offers[0]?.id ?? '', agentId: broken.id, epoch: { leaseEpoch: 1, opens: 1 } };

    const at = bench.clock.now();
    await bench.store.apply('open-attempt', { ...session, folderId: broken.id, have: 'claimed', at });
    await bench.store.apply('end-attempt', {
      ...session,
      result: resultOf('never-started'),
      storedLog: { bytes: 0, sha256: '', complete: true, gaps: [] },
      retrySafe: false,
      at,
    });
    await bench.settle();

    assert.equal(broken.offers.length, 1);
    assert.deepEqual(
      other.offers.map(({ jobId }) => jobId),
      [id],
    );
  });

  it('waits before it asks a store again that takes no offer', async () => {
    await using bench = await createSchedulerBench();
    await bench.agent('a1');
    const heal = bench.failOffers();
    const { id } = await bench.submit();
    await bench.settle();

    const asked = heal();
    await bench.clock.advance(2000);
    await bench.settle();

    assert.equal(asked, 1);
    assert.equal((await bench.job(id)).state, 'offered');
  });

  it('forgets no agent that has room since the moment at which its store failed', async () => {
    await using bench = await createSchedulerBench();
    await bench.agent('a1', { automations: [{ name: 'other' }] });
    const newer = await bench.agent('a2', { automations: [] });
    const { id } = await bench.submit();
    await bench.settle();
    const heal = bench.failOffers();
    await bench.submit({ automation: 'other' });

    // Between the question and the answer of the store.
    while (bench.asked() === 0) await new Promise((resolve) => void setImmediate(resolve));
    newer.report({ automations: [{}] });
    await bench.settle();
    heal();
    await bench.clock.advance(2000);
    await bench.settle();

    assert.deepEqual(
      newer.offers.map(({ jobId }) => jobId),
      [id],
    );
  });

  it('takes back no offer while its agent may have taken it in a time that the store does not know', async () => {
    let reason: HoldReason | null = null;
    const hold = { reasonFor: () => reason, revision: 0, onReleased: () => {} };
    await using bench = await createSchedulerBench({ hold });
    const agent = await bench.agent('a1');
    await bench.submit();
    await bench.settle();
    const [offer] = agent.offers;
    assert.ok(offer);
    const stateOf = async () => (await bench.store.queries.attempt(offer.id))?.state;

    reason = 'store-behind';
    await bench.clock.advance(100_000);
    await bench.settle();
    const held = await stateOf();
    reason = null;
    await bench.clock.advance(30_000);
    await bench.settle();

    assert.deepEqual([held, await stateOf()], ['offered', 'withdrawn']);
  });

  it('lets accounts take turns at the one slot that there is', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { slots: 1 });
    for (const account of ['red', 'red', 'red', 'blue', 'blue', 'blue']) await bench.submit({ account });
    await bench.settle();

    for (let place = 0; place < 4; place += 1) {
      const at = bench.clock.now();
      const jobId = agent.offers[place]?.jobId ?? '';
      const { account } = agent.offers[place] ?? { account: '' };
      await bench.store.apply('cancel-job', { account, jobId, actor: 'test', at });
      await bench.settle();
    }

    assert.deepEqual(
      agent.offers.slice(0, 5).map(({ account }) => account),
      // The first was alone when it came.
      ['red', 'red', 'blue', 'red', 'blue'],
    );
  });

  it('gives an agent that was idle for long as many jobs that come together as it has slots', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { slots: 3 });
    await bench.submit({ automation: 'nobody-has-it' });
    await bench.settle();

    await Promise.all([bench.submit(), bench.submit(), bench.submit()]);
    await bench.settle();

    assert.equal(agent.offers.length, 3);
  });

  it('asks an agent that declines each time ever more rarely', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1');
    await bench.submit();
    await bench.settle();

    let declined = 0;
    for (let passedMs = 0; passedMs < 8_000; passedMs += 250) {
      const offer = agent.offers[declined];
      if (offer !== undefined) {
        declined += 1;
        bench.scheduler.declined(agent.id, offer.automation);
        const report = { type: 'declined', reason: 'no-slot', message: null } as const;
        const at = bench.clock.now();
        await bench.store.apply('report-attempt', { attemptId: offer.id, agentId: agent.id, report, at });
      }
      await bench.clock.advance(250);
      await bench.settle();
    }

    assert.ok(declined >= 4 && declined <= 6, `${declined} offers in eight seconds`);
  });

  it('offers a job that fits, however many before it do not', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { automations: [older] });
    for (let index = 0; index < 150; index++) await bench.submit();

    const { id } = await bench.submit({ parameters: { name: 'ada' } });
    for (let turn = 0; turn < 50; turn++) await bench.settle();

    assert.deepEqual(
      agent.offers.map(({ jobId }) => jobId),
      [id],
    );
  });

  it('looks at one agent when one says something new, however many jobs wait in vain', async () => {
    await using bench = await createSchedulerBench();
    const agents = await Promise.all(Array.from({ length: 20 }, (_, index) => bench.agent(`a${index}`)));
    for (let index = 0; index < 10; index++) await bench.submit({ automation: `nobody-has-${index}` });
    await bench.settle();
    let looks = 0;
    for (const agent of bench.fleet.all()) {
      const { labels } = agent;
      Object.defineProperty(agent, 'labels', {
        get() {
          looks += 1;
          return labels;
        },
      });
    }

    agents[3]?.report({});
    await bench.settle();
    const before = looks;
    agents[4]?.report({ automations: [{ name: 'nobody-has-7' }] });
    await bench.settle();

    assert.equal(before, 10);
    assert.equal(agents[4]?.offers.length, 1);
  });

  it('starts, and goes on with all others, beside a job that it cannot make out', async () => {
    await using bench = await createSchedulerBench();
    await bench.submit({ selector: 'not a selector' });
    const { id } = await bench.submit();

    await bench.restart();
    const agent = await bench.agent('a1', { slots: 2 });
    await bench.settle();

    assert.deepEqual(
      agent.offers.map(({ jobId }) => jobId),
      [id],
    );
  });

  it('says of a job that does not fit that its parameters do not, and offers it once a form comes that they fit', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { automations: [older] });
    const job = await bench.submit();
    await bench.settle();
    const waiting = bench.scheduler.overview.of(job).agents;

    agent.report({ automations: [{}] });
    await bench.settle();

    assert.deepEqual(waiting, [{ agent: 'a1', reason: 'parameters' }]);
    assert.equal(agent.offers.length, 1);
  });

  it('offers a job in the commit that stores it, where an agent is free', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { slots: 2 });
    await bench.settle();
    const commits = bench.store.commits();

    const answers = await Promise.all([bench.submitAtOnce(), bench.submitAtOnce()]);

    assert.deepEqual(
      answers.map(({ offered }) => offered),
      [true, true],
    );
    assert.equal(bench.store.commits(), commits + 1);
    assert.deepEqual(
      agent.offers.map(({ jobId }) => jobId),
      answers.map(({ job }) => job?.id),
    );
    assert.equal(bench.scheduler.queued('default'), 0);
  });

  it('lets a job wait in line when no agent is free, and never lets one pass by those that wait', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1');
    const first = await bench.submitAtOnce();
    const second = await bench.submitAtOnce();
    agent.report({ slots: 3 });

    const third = await bench.submitAtOnce();
    await bench.settle();

    assert.deepEqual([first.offered, second.offered, third.offered], [true, false, false]);
    assert.deepEqual(
      agent.offers.map(({ jobId }) => jobId),
      [first, second, third].map(({ job }) => job?.id),
    );
  });

  it('looks at parameters again before it offers a job to an agent that has another form of the automation', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { automations: [older] });

    const misfit = await bench.submitAtOnce();
    await bench.settle();

    assert.equal(misfit.offered, false);
    assert.deepEqual(agent.offers, []);
    assert.equal((await bench.job(misfit.job?.id ?? '')).state, 'queued');
  });

  it('holds no slot for a job that the store did not take', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1');
    const taken = await bench.submit();
    await bench.settle();
    agent.report({ slots: 2 });

    const refused = await bench.submitAtOnce({ id: taken.id });
    const next = await bench.submitAtOnce();
    await bench.settle();

    assert.deepEqual([refused.job, refused.offered], [null, false]);
    assert.equal(next.offered, true);
    assert.equal(bench.scheduler.queued('default'), 0);
    assert.equal(agent.offers.length, 2);
  });

  it('brings a job that could not be offered with its storing into line', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1');
    const heal = bench.failOffers();

    const { job, offered } = await bench.submitAtOnce();
    heal();
    await bench.clock.advance(2000);
    await bench.settle();

    assert.equal(offered, false);
    assert.deepEqual(
      agent.offers.map(({ jobId }) => jobId),
      [job?.id],
    );
  });

  it('offers an agent no more at once than it has slots, and of an automation no more than may run', async () => {
    await using bench = await createSchedulerBench();
    for (let index = 0; index < 4; index++) await bench.submit();
    for (let index = 0; index < 4; index++) await bench.submit({ automation: 'single' });

    const agent = await bench.agent('a1', { slots: 3, automations: [{}, { name: 'single', maxConcurrent: 1 }] });
    await bench.settle();

    assert.equal(bench.asked(), 3);
    assert.equal(agent.offers.filter(({ automation }) => automation === 'single').length <= 1, true);
  });

  it('asks the store now and then for an agent whose lease another hub has', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1');
    const at = bench.clock.now();
    await bench.store.apply('take-lease', { agentId: agent.id, owner: 'other hub', expiresAt: at + 60_000, at });

    await bench.submit();
    await bench.settle();
    const atOnce = bench.asked();
    await bench.clock.advance(60_000);
    await bench.settle();

    assert.equal(atOnce, 1);
    assert.ok(bench.asked() > 1 && bench.asked() < 15, `asked ${bench.asked()} times in a minute`);
    assert.equal(agent.offers.length, 0);
  });

  it('takes an offer back that the store could not take back the first time', async () => {
    await using bench = await createSchedulerBench();
    await bench.agent('a1');
    const { id } = await bench.submit();
    await bench.settle();

    const heal = bench.failWithdrawals();
    await bench.clock.advance(offerTimeoutMs);
    await bench.settle();
    assert.equal(heal(), 1);
    assert.equal((await bench.job(id)).state, 'offered');
    await bench.clock.advance(offerTimeoutMs);
    await bench.settle();

    assert.notEqual((await bench.job(id)).state, 'offered');
  });

  it('holds nothing against an agent that took an offer in time, however long the job runs', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { slots: 2 });
    await bench.submit();
    await bench.settle();
    const session = { attemptId: agent.offers[0]?.id ?? '', agentId: agent.id, epoch: { leaseEpoch: 1, opens: 1 } };
    const at = bench.clock.now();
    await bench.store.apply('open-attempt', { ...session, folderId: agent.id, have: 'claimed', at });

    await bench.clock.advance(offerTimeoutMs);
    await bench.settle();
    const next = await bench.submitAtOnce();

    assert.equal(next.offered, true);
  });
});
