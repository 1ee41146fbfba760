import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createScene, type OpenStore } from './scene.ts';

/** A store restored from before the document was sent holds the attempt as `offered`, and the agent knows better. */
export function testRestoredStore(open: OpenStore): void {
  describe('a restored store', () => {
    for (const have of ['document', 'started', 'ended'] as const) {
      test(`adopts an attempt that says "${have}", without sending the document`, async () => {
        await using store = await open();
        const scene = createScene(store);
        const job = await scene.submit({ secretNames: ['p'], secrets: new Uint8Array([1]) });
        const tried = await scene.offer(job, await scene.agent());

        const answer = await scene.open(tried, have);
        const adopted = await scene.attempt(tried);
        await scene.end(tried, 'succeeded');

        assert.ok(answer.type === 'job');
        assert.deepEqual([answer.desired, answer.document, answer.secrets], ['run', null, new Uint8Array([1])]);
        assert.deepEqual([adopted.state, adopted.number, adopted.folderId], ['running', 1, tried.folderId]);
        assert.equal((await scene.job(job)).state, 'succeeded');
      });
    }

    test('holds an offer for lost when the agent has a tombstone of it, and offers it nowhere else', async () => {
      await using store = await open();
      const scene = createScene(store);
      const job = await scene.submit();
      const tried = await scene.offer(job, await scene.agent());

      const answer = await scene.decline(tried, 'state-lost');

      assert.equal(answer.type, 'applied');
      const lost = await scene.job(job);
      assert.deepEqual([lost.state, lost.cause, lost.attemptId], ['lost', 'state-lost', tried.id]);
      assert.deepEqual(await scene.open(tried, 'claimed'), { type: 'withdrawn' });
    });

    test('cancels what waited, and does not say that it never ran', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [waits, offered] = [await scene.submit(), await scene.submit()];
      const tried = await scene.offer(offered, await scene.agent());

      await scene.apply('cancel-copied', { jobIds: [waits.id, offered.id] });

      const job = await scene.job(waits);
      assert.deepEqual([job.state, job.started], ['cancelled', 'unknown']);
      assert.equal((await scene.attempt(tried)).state, 'offered');
    });

    test('gives what stood offered the next number of its job, and counts no offers that came to nothing', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const job = await scene.submit();
      await scene.decline(await scene.offer(job, agent), 'no-slot');
      const tried = await scene.offer(job, agent);

      await scene.apply('adopt-copy', { offered: [tried.id], madeAt: '2026-01-01T00:00:00.000Z' });

      assert.equal((await scene.attempt(tried)).number, 1);
    });

    test('lets no runner begin with a ticket of the time before', async () => {
      await using store = await open();
      const scene = createScene(store);
      const tried = await scene.offer(await scene.submit(), await scene.agent());
      await scene.open(tried, 'claimed', { handsOver: true });
      const before = (await scene.attempt(tried)).handover?.state;

      await scene.apply('adopt-copy', { offered: [], madeAt: '2026-01-01T00:00:00.000Z' });

      assert.equal(before, 'given');
      assert.equal((await scene.attempt(tried)).handover, null);
    });

    test('the same, told as a withdrawal', async () => {
      await using store = await open();
      const scene = createScene(store);
      const job = await scene.submit();
      const tried = await scene.offer(job, await scene.agent());

      const answer = await scene.apply('withdraw-offer', { attemptId: tried.id, why: 'state-lost', message: null });

      assert.equal(answer.type, 'too-late');
      assert.equal((await scene.job(job)).state, 'lost');
    });

    test('gives a lease above all sessions that its attempts have seen', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { tried } = await scene.start();
      await scene.open(tried, 'started', { epoch: { leaseEpoch: 40, opens: 1 } });

      const taken = await scene.apply('take-lease', { agentId: tried.agent.id, owner: 'hub-2', expiresAt: 0 });

      assert.ok(taken.type === 'taken');
      assert.equal(taken.epoch, 41);
    });
  });
}
