import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createScene, type OpenStore } from './scene.ts';

const safe = { retry: { limit: 1, on: ['agent-lost'] } } as const;

export function testGivingUp(open: OpenStore): void {
  describe('cancel and expiry', () => {
    test('cancel ends what waits at once, and withdraws what is offered', async () => {
      await using store = await open();
      const scene = createScene(store);
      const waiting = await scene.submit();
      const offered = await scene.submit();
      const tried = await scene.offer(offered, await scene.agent());

      const answers = [await scene.cancel(waiting), await scene.cancel(offered)];

      for (const answer of answers) {
        assert.ok(answer.type === 'cancelled');
        assert.deepEqual([answer.job.state, answer.job.cause, answer.job.started], ['cancelled', 'cancelled', false]);
        assert.notEqual(answer.job.cancelRequestedAt, null);
      }
      assert.deepEqual(await scene.open(tried), { type: 'withdrawn' });
      assert.equal((await scene.cancel(waiting)).type, 'ended');
    });

    test('cancel of what runs is a wish that the agent is told, once', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();

      const first = await scene.cancel(job);
      const told = await scene.attempt(tried);
      const second = await scene.cancel(job);
      const claimed = await scene.open(tried, 'claimed');
      const running = await scene.open(tried, 'started');
      await scene.end(tried, 'cancelled');

      assert.ok(first.type === 'requested' && second.type === 'requested');
      assert.deepEqual(second.job, first.job);
      assert.deepEqual([first.job.state, told.desired, told.specVersion], ['running', 'cancel', 3]);
      assert.ok(claimed.type === 'job' && running.type === 'job');
      assert.deepEqual([claimed.desired, claimed.document, running.desired], ['cancel', null, 'cancel']);
      assert.equal((await scene.job(job)).state, 'cancelled');
    });

    test('a job whose first try may have run is not said to have never started when a later one did not', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start({ retry: { limit: 1, on: ['process-lost'] } });
      await scene.end(tried, 'lost', { retrySafe: true, result: { started: 'unknown' } });
      const second = await scene.offer(job, await scene.agent());
      await scene.open(second);
      await scene.end(second, 'never-started');

      const answer = await scene.cancel(job);

      assert.ok(answer.type === 'cancelled');
      assert.equal(answer.job.started, 'unknown');
    });

    test('the true end stands when the cancel came too late', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      await scene.cancel(job);

      await scene.end(tried, 'succeeded');

      assert.equal((await scene.job(job)).state, 'succeeded');
    });

    for (const outcome of ['failed', 'never-started', 'lost'] as const) {
      test(`nothing is tried again after a cancel: "${outcome}"`, async () => {
        await using store = await open();
        const scene = createScene(store);
        const { job, tried } = await scene.start({
          retry: { limit: 9, on: ['exit-code', 'process-lost', 'start-failed'] },
        });
        await scene.cancel(job);

        await scene.end(tried, outcome, { retrySafe: true });

        const state = outcome === 'never-started' ? 'cancelled' : outcome;
        assert.equal((await scene.job(job)).state, state);
      });
    }

    test('a silence after a cancel is lost, not queued, and cancelled when the agent returns', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start(safe);
      await scene.cancel(job);
      await scene.lose(tried, true);
      const lost = await scene.job(job);

      const answer = await scene.open(tried, 'started');
      await scene.end(tried, 'cancelled');

      assert.equal(lost.state, 'lost');
      assert.ok(answer.type === 'job');
      assert.equal(answer.desired, 'cancel');
      assert.equal((await scene.job(job)).state, 'cancelled');
    });

    test('cancel of what is lost to silence is recorded for its return', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      await scene.lose(tried);

      const answer = await scene.cancel(job);

      assert.ok(answer.type === 'requested');
      assert.equal(answer.job.state, 'lost');
      assert.equal((await scene.attempt(tried)).desired, 'cancel');
    });

    for (const moment of ['queued', 'offered'] as const) {
      test(`cancel while ${moment} again beside a lost attempt is lost until that one returns`, async () => {
        await using store = await open();
        const scene = createScene(store);
        const { job, tried: old } = await scene.start(safe);
        await scene.lose(old, true);
        const newer = moment === 'offered' ? await scene.offer(job, await scene.agent()) : null;

        const answer = await scene.cancel(job);
        const told = await scene.attempt(old);

        assert.ok(answer.type === 'requested');
        assert.deepEqual([answer.job.state, answer.job.cause, answer.job.attemptId], ['lost', 'agent-lost', old.id]);
        assert.equal(told.desired, 'cancel');
        if (newer !== null) assert.deepEqual(await scene.open(newer), { type: 'withdrawn' });
        await scene.open(old, 'started');
        await scene.end(old, 'succeeded');
        assert.equal((await scene.job(job)).state, 'succeeded');
      });
    }

    test('what nobody took in time fails, and no sooner', async () => {
      await using store = await open();
      const scene = createScene(store);
      const expiresAt = scene.now() + 60_000;
      const waiting = await scene.submit({ expiresAt });
      const patient = await scene.submit();
      const { job: running } = await scene.start({ expiresAt });

      const early = await store.apply('expire-jobs', { at: expiresAt - 1 });
      const late = await store.apply('expire-jobs', { at: expiresAt });

      assert.deepEqual([early.jobIds, late.jobIds], [[], [waiting.id]]);
      const failed = await scene.job(waiting);
      assert.deepEqual(
        [failed.state, failed.cause, failed.started, failed.finishedAt],
        ['failed', 'expired', false, expiresAt],
      );
      assert.equal((await scene.job(patient)).state, 'queued');
      assert.equal((await scene.job(running)).state, 'running');
    });

    test('expiry beside a lost attempt is lost, and corrected when that one returns', async () => {
      await using store = await open();
      const scene = createScene(store);
      const expiresAt = scene.now() + 60_000;
      const { job, tried } = await scene.start({ ...safe, expiresAt });
      await scene.lose(tried, true);

      await store.apply('expire-jobs', { at: expiresAt });
      const lost = await scene.job(job);
      await scene.end(tried, 'failed');

      assert.deepEqual([lost.state, lost.cause, lost.cancelRequestedAt], ['lost', 'agent-lost', null]);
      assert.equal((await scene.job(job)).state, 'failed');
    });
  });
}
