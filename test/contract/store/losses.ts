import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemRandom } from '../../../runtime/random.ts';
import { account, createScene, type OpenStore, reportOf, type Scene, type Try } from './scene.ts';

const safe = { retry: { limit: 1, on: ['agent-lost', 'state-lost', 'process-lost'] } } as const;

const form = 'ab'.repeat(32);

/** The agent of this attempt says that the automation may run twice, or another one, or another form of it. */
async function reportSafe(scene: Scene, tried: Try, name = 'greet', digest = form): Promise<void> {
  await scene.apply('record-agent-report', {
    agentId: tried.agent.id,
    labels: null,
    report: reportOf({
      automations: [
        {
          name,
          kind: 'command',
          executor: 'process',
          digest,
          description: null,
          parameters: null,
          outputs: null,
          timeoutSeconds: null,
          retrySafe: true,
          maxConcurrent: null,
        },
      ],
    }),
  });
}

async function actionsOf(scene: Scene, job: { readonly id: string }): Promise<readonly string[]> {
  const trail = await scene.store.queries.auditOf(account, `job:${job.id}`, 0, 100);
  return trail.map(({ action }) => action);
}

export function testLosses(open: OpenStore): void {
  describe('losses', () => {
    test('are asked to stop when the next try has got its document, and that try is not', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried: old } = await scene.start({ retry: { limit: 1, on: ['agent-lost'] } });
      await scene.lose(old, true);
      const newer = await scene.offer(job, await scene.agent());

      await scene.open(newer);

      assert.deepEqual([(await scene.attempt(old)).desired, (await scene.attempt(newer)).desired], ['cancel', 'run']);
    });

    test('of an earlier try say nothing of when the one began that runs now', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried: old } = await scene.start({ retry: { limit: 1, on: ['agent-lost'] } });
      await scene.lose(old, true);
      const newer = await scene.offer(job, await scene.agent());
      await scene.open(newer);

      const startedAt = scene.now();
      const report = { type: 'running', startedAt } as const;
      const answer = await scene.apply('report-attempt', { attemptId: old.id, agentId: old.agent.id, report });

      assert.equal(answer.type, 'applied');
      assert.equal((await scene.attempt(old)).startedAt, startedAt);
      assert.deepEqual([(await scene.job(job)).started, (await scene.job(job)).startedAt], [null, null]);
    });

    test('a silent agent loses its job, and a late result corrects that', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();

      await scene.lose(tried);
      const lost = await scene.job(job);
      const reopened = await scene.open(tried, 'started');
      const stillLost = await scene.job(job);
      await scene.end(tried, 'succeeded');

      assert.deepEqual(
        [lost.state, lost.cause, lost.started, lost.agentName],
        ['lost', 'agent-lost', 'unknown', tried.agent.name],
      );
      assert.ok(reopened.type === 'job');
      assert.equal(reopened.desired, 'run');
      assert.equal(stillLost.state, 'lost');
      const corrected = await scene.job(job);
      assert.deepEqual([corrected.state, corrected.exitCode], ['succeeded', 0]);
      assert.equal((await scene.attempt(tried)).state, 'ended');
      assert.ok((await actionsOf(scene, job)).includes('job.corrected'));
    });

    test('only running attempts are lost to silence, each once', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const offered = await scene.offer(await scene.submit(), agent);
      const { tried } = await scene.start({}, agent);
      const lose = () =>
        scene.apply('lose-attempts', { attemptIds: [offered.id, tried.id, 'nobody'], retrySafe: [true, false, true] });

      const first = await lose();
      const second = await lose();

      assert.deepEqual([first.lost, second.lost], [[tried.id], []]);
      assert.equal((await scene.attempt(offered)).state, 'offered');
    });

    test('of attempts that are silent together each is tried again only if its own automation allows that', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const unsafe = await scene.start(safe, agent);
      const first = await scene.start(safe, agent);
      const second = await scene.start(safe, agent);
      const attemptIds = [first, unsafe, second].map(({ tried }) => tried.id);

      await scene.apply('lose-attempts', { attemptIds, retrySafe: [true, false, true] });

      const states = await Promise.all([first, unsafe, second].map(async ({ job }) => (await scene.job(job)).state));
      assert.deepEqual(states, ['queued', 'lost', 'queued']);
    });

    for (const outcome of ['lost', 'never-started', 'cancelled'] as const) {
      test(`a late "${outcome}" leaves the job lost, for good`, async () => {
        await using store = await open();
        const scene = createScene(store);
        const { job, tried } = await scene.start();
        await scene.lose(tried);

        await scene.end(tried, outcome);

        const settled = await scene.job(job);
        assert.equal(settled.state, 'lost');
        assert.notEqual(settled.cause, 'agent-lost');
        assert.equal((await scene.cancel(job)).type, 'ended');
      });
    }

    test('a safe job is queued again after a silence, and the old attempt may still end it', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const { job, tried: old } = await scene.start(safe, agent);

      await scene.lose(old, true);
      const queued = await scene.job(job);
      const newer = await scene.offer(job, await scene.agent());
      await scene.end(old, 'failed');

      assert.deepEqual([queued.state, queued.retriesUsed], ['queued', 1]);
      const ended = await scene.job(job);
      assert.deepEqual(
        [ended.state, ended.attemptId, ended.attemptNumber, ended.agentName],
        ['failed', old.id, 1, agent.name],
      );
      assert.equal((await scene.attempt(newer)).state, 'withdrawn');
      assert.deepEqual(await scene.open(newer), { type: 'withdrawn' });
    });

    test('an attempt that was given up gets no document any more', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried: old } = await scene.start(safe);
      await scene.lose(old, true);

      const queued = await scene.open(old, 'claimed');
      const newer = await scene.offer(job, await scene.agent());
      const offered = await scene.open(old, 'claimed');
      await scene.open(newer);
      const beside = await scene.open(old, 'claimed');

      for (const answer of [queued, offered, beside]) {
        assert.ok(answer.type === 'job');
        assert.deepEqual([answer.desired, answer.document], ['cancel', null]);
      }
    });

    test('a late unasked cancel lets the job go on that was queued again', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried: old } = await scene.start(safe);
      await scene.lose(old, true);
      const newer = await scene.offer(job, await scene.agent());

      await scene.end(old, 'cancelled', { result: { started: false } });

      assert.equal((await scene.job(job)).state, 'offered');
      await scene.open(newer);
      await scene.end(newer, 'succeeded');
      assert.equal((await scene.job(job)).state, 'succeeded');
    });

    test('an old attempt beside a newer one is stopped, kept under its own number, and says nothing for the job', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried: old } = await scene.start(safe);
      await scene.lose(old, true);
      const newer = await scene.offer(job, await scene.agent());
      await scene.open(newer);

      const told = await scene.attempt(old);
      const answer = await scene.open(old, 'started');
      const accepted = await scene.end(old, 'succeeded');
      const meanwhile = await scene.job(job);
      await scene.end(newer, 'failed');

      assert.deepEqual([told.desired, told.specVersion], ['cancel', 3]);
      assert.ok(answer.type === 'job');
      assert.equal(answer.desired, 'cancel');
      assert.equal(accepted.type, 'accepted');
      assert.deepEqual([meanwhile.state, meanwhile.attemptId], ['running', newer.id]);
      const attempts = await store.queries.attempts(account, job.id);
      assert.deepEqual(
        attempts.map(({ number, result }) => [number, result?.outcome]),
        [
          [1, 'succeeded'],
          [2, 'failed'],
        ],
      );
      assert.equal((await scene.job(job)).state, 'failed');
    });

    test('a folder that is gone is final, also after a silence', async () => {
      await using store = await open();
      const scene = createScene(store);
      const one = await scene.start();
      const other = await scene.start();
      await scene.lose(other.tried);

      for (const { job, tried } of [one, other]) {
        assert.equal((await scene.decline(tried, 'state-lost')).type, 'applied');
        assert.equal((await scene.decline(tried, 'state-lost')).type, 'ignored');
        const lost = await scene.job(job);
        assert.deepEqual([lost.state, lost.cause], ['lost', 'state-lost']);
        assert.equal((await scene.cancel(job)).type, 'ended');
      }
    });

    test('a folder that is gone sends a safe job back to the queue', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start(safe);
      await reportSafe(scene, tried);

      await scene.decline(tried, 'state-lost');

      assert.equal((await scene.job(job)).state, 'queued');
      assert.equal((await scene.attempt(tried)).state, 'state-lost');
    });

    test('a folder that is gone is the end where the agent no longer says that what ran may run twice', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start(safe);
      await reportSafe(scene, tried, 'another');
      const other = await scene.submit(safe);
      const agent = await scene.agent();
      const attemptId = systemRandom.orderedUuid();
      const leaseEpoch = agent.lease?.epoch ?? 0;
      await scene.apply('offer-attempt', {
        jobId: other.id,
        attemptId,
        agentId: agent.id,
        leaseEpoch,
        digest: form,
        retrySafe: false,
      });
      const changed: Try = { id: attemptId, agent, folderId: systemRandom.uuid(), opens: 0 };
      await scene.open(changed);
      await reportSafe(scene, changed, 'greet', 'cd'.repeat(32));

      await scene.decline(tried, 'state-lost');
      await scene.decline(changed, 'state-lost');

      assert.deepEqual([(await scene.job(job)).state, (await scene.job(other)).state], ['lost', 'lost']);
    });

    test('a folder that is gone sends a job back that was safe when it was offered, while its agent offers nothing of the kind', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      for (const retrySafe of [true, false]) {
        const job = await scene.submit(safe);
        const attemptId = systemRandom.orderedUuid();
        const leaseEpoch = agent.lease?.epoch ?? 0;
        const offer = { jobId: job.id, attemptId, agentId: agent.id, leaseEpoch, digest: form, retrySafe };
        await scene.apply('offer-attempt', offer);
        const tried: Try = { id: attemptId, agent, folderId: systemRandom.uuid(), opens: 0 };
        await scene.open(tried);
        await reportSafe(scene, tried, 'another');

        await scene.decline(tried, 'state-lost');

        assert.equal((await scene.job(job)).state, retrySafe ? 'queued' : 'lost');
      }
    });

    test('a start that is told after a silence is known, and the job stays lost until it ends', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      await scene.lose(tried);
      const startedAt = scene.now();

      const report = { type: 'running', startedAt } as const;
      const answer = await scene.apply('report-attempt', { attemptId: tried.id, agentId: tried.agent.id, report });

      const { state, started, startedAt: known } = await scene.job(job);
      assert.deepEqual([answer.type, state, started, known], ['applied', 'lost', true, startedAt]);
    });

    test('a folder that is gone is no news of an offer that was withdrawn: its job is on its way elsewhere', async () => {
      await using store = await open();
      const scene = createScene(store);
      const job = await scene.submit();
      const withdrawn = await scene.offer(job, await scene.agent());
      await scene.decline(withdrawn, 'no-slot');
      const newer = await scene.offer(job, await scene.agent());

      assert.equal((await scene.decline(withdrawn, 'state-lost')).type, 'ignored');

      assert.equal((await scene.job(job)).state, 'offered');
      assert.equal((await scene.attempt(withdrawn)).state, 'withdrawn');
      await scene.open(newer);
      await scene.end(newer, 'succeeded');
      assert.equal((await scene.job(job)).state, 'succeeded');
    });

    test('a folder that is gone is no news where the result is stored', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      await scene.end(tried, 'succeeded');

      assert.equal((await scene.decline(tried, 'state-lost')).type, 'ignored');
      assert.equal((await scene.job(job)).state, 'succeeded');
    });

    test('a result that comes after its folder was called gone is kept, and changes nothing', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start(safe);
      await reportSafe(scene, tried);
      await scene.decline(tried, 'state-lost');

      const accepted = await scene.end(tried, 'succeeded');

      assert.equal(accepted.type, 'accepted');
      assert.equal((await scene.job(job)).state, 'queued');
      assert.equal((await scene.attempt(tried)).state, 'ended');
    });
  });
}
