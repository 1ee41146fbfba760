import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Change } from '../../../hub/store/store.ts';
import { account, createScene, type OpenStore } from './scene.ts';

export function testCommits(open: OpenStore): void {
  describe('commits', () => {
    test('are counted, one or more for what is written and none for what is asked', async () => {
      await using store = await open();
      const scene = createScene(store);
      const begun = store.commits();

      const job = await scene.submit();
      const written = store.commits();
      await store.queries.job(account, job.id);
      await scene.apply('cancel-job', { account, jobId: 'nobody', actor: 'token:t1' });

      assert.ok(written > begun);
      assert.equal(store.commits(), written);
    });

    test('each store has an id of its own', async () => {
      await using one = await open();
      await using other = await open();

      assert.match(one.storeId, /^[0-9a-f-]{36}$/);
      assert.notEqual(one.storeId, other.storeId);
    });

    test('a command that fails is undone alone', async () => {
      await using store = await open();
      const scene = createScene(store);
      const token = { id: 't', hash: 'h', account, role: 'viewer', name: 'n', expiresAt: null, actor: 'hub' } as const;

      const [first, second, third] = await Promise.allSettled([
        scene.apply('create-token', token),
        scene.apply('create-token', { ...token, id: 'u' }),
        scene.apply('create-token', { ...token, id: 'v', hash: 'other' }),
      ]);

      assert.equal(first?.status, 'fulfilled');
      assert.equal(third?.status, 'fulfilled');
      assert.equal(second?.status, 'rejected');
      assert.equal(second.reason.name, 'StoreError');
      assert.equal(second.reason.code, 'conflict');
      const audit = await store.queries.auditAfter(account, 0, 100);
      assert.deepEqual(
        audit.map(({ object }) => object),
        ['token:t', 'token:v'],
      );
    });

    test('a command sees what those before it did, also in the same turn', async () => {
      await using store = await open();
      const scene = createScene(store);
      const job = await scene.submit();

      const [first, second] = await Promise.all([scene.cancel(job), scene.cancel(job)]);

      assert.deepEqual([first.type, second.type], ['cancelled', 'ended']);
    });

    test('listeners hear of changes once they can be read, and no more after they left', async () => {
      await using store = await open();
      const scene = createScene(store);
      const heard: Change[] = [];
      const listening = store.subscribe((changes) => heard.push(...changes));

      const job = await scene.submit();
      listening[Symbol.dispose]();
      await scene.cancel(job);

      assert.deepEqual(
        heard.map(({ type }) => type),
        ['audit', 'job'],
      );
      const [, change] = heard;
      assert.ok(change?.type === 'job');
      assert.deepEqual(change.job, job);
    });

    test('a listener that throws harms nobody', async () => {
      await using store = await open();
      const scene = createScene(store);
      const heard: Change[] = [];
      using _bad = store.subscribe(() => {
        throw new Error('a listener of the test');
      });
      using _good = store.subscribe((changes) => heard.push(...changes));

      await scene.submit();

      assert.equal(heard.length, 2);
    });

    test('disposing answers what was asked before, refuses the rest, and may be done twice', async () => {
      const store = await open();
      const scene = createScene(store);
      const before = scene.submit();

      const disposed = Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
      const after = assert.rejects(scene.submit(), { name: 'StoreError', code: 'closed' });

      assert.equal((await before).state, 'queued');
      await after;
      await disposed;
      await assert.rejects(store.queries.job(account, 'x'), { name: 'StoreError', code: 'closed' });
    });
  });
}
