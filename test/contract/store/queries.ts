import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JobFilter, Store } from '../../../hub/store/store.ts';
import { account, createScene, type OpenStore } from './scene.ts';

const everything: JobFilter = { states: [], automation: null, agent: null, labels: [] };

async function allPages(store: Store, filter: JobFilter, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.queries.jobs(account, filter, { limit, cursor });
    assert.ok(page.items.length <= limit);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

export function testQueries(open: OpenStore): void {
  describe('queries', () => {
    test('of one account see nothing of the jobs of another', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      await scene.end(tried, 'succeeded');
      const { queries } = store;

      const seen = async (name: string) => [
        (await queries.job(name, job.id)) !== null,
        (await queries.attempts(name, job.id)).length,
        (await queries.auditOf(name, `job:${job.id}`, 0, 10)).length > 0,
        (await queries.auditAfter(name, 0, 10)).length > 0,
      ];

      assert.deepEqual(await seen(account), [true, 1, true, true]);
      assert.deepEqual(await seen('another'), [false, 0, false, false]);
    });

    test('list jobs newest first, in pages that neither skip nor repeat while jobs are added', async () => {
      await using store = await open();
      const scene = createScene(store);
      const ids: string[] = [];
      for (let index = 0; index < 7; index++) ids.unshift((await scene.submit()).id);

      const first = await store.queries.jobs(account, everything, { limit: 3, cursor: null });
      await scene.submit();
      const second = await store.queries.jobs(account, everything, { limit: 4, cursor: first.nextCursor });

      assert.deepEqual(
        [...first.items, ...second.items].map(({ id }) => id),
        ids,
      );
      assert.equal(second.nextCursor, null);
      assert.deepEqual(await store.queries.jobs('other', everything, { limit: 3, cursor: null }), {
        items: [],
        nextCursor: null,
      });
    });

    for (const cursor of ['', 'x', 'bm9wZQ', Buffer.from('agents:a1').toString('base64url')]) {
      test(`refuse the cursor "${cursor}"`, async () => {
        await using store = await open();

        await assert.rejects(store.queries.jobs(account, everything, { limit: 3, cursor }), {
          name: 'StoreError',
          code: 'cursor-invalid',
        });
      });
    }

    test('find jobs by state, automation, agent and labels, alone and together', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [a1, a2] = [await scene.agent('a1'), await scene.agent('a2')];
      const waiting = await scene.submit({ automation: 'plan', labels: { ticket: '1', team: 'x' } });
      const running = (await scene.start({ labels: { ticket: '1' } }, a1)).job;
      const { job: failed, tried } = await scene.start({ automation: 'plan', labels: { ticket: '2', team: 'x' } }, a1);
      await scene.end(tried, 'failed');
      const other = (await scene.start({}, a2)).job;
      const find = (filter: Partial<JobFilter>, limit = 10) => allPages(store, { ...everything, ...filter }, limit);

      assert.deepEqual(await find({ states: ['running'] }), [other.id, running.id]);
      assert.deepEqual(await find({ states: ['running', 'failed', 'running'] }, 1), [other.id, failed.id, running.id]);
      assert.deepEqual(await find({ automation: 'plan' }), [failed.id, waiting.id]);
      assert.deepEqual(await find({ agent: 'a1' }), [failed.id, running.id]);
      assert.deepEqual(await find({ agent: 'nobody' }), []);
      assert.deepEqual(await find({ labels: [{ key: 'ticket', value: '1' }] }, 1), [running.id, waiting.id]);
      const both = [
        { key: 'team', value: 'x' },
        { key: 'ticket', value: '2' },
      ];
      assert.deepEqual(await find({ labels: both }), [failed.id]);
      assert.deepEqual(
        await find({ states: ['queued', 'failed'], automation: 'plan', labels: [{ key: 'team', value: 'x' }] }, 1),
        [failed.id, waiting.id],
      );
      assert.deepEqual(await find({ states: ['succeeded'], agent: 'a1', automation: 'plan' }), []);
    });

    test('look at a bounded number of jobs for one page, and pass none over', async () => {
      await using store = await open();
      const scene = createScene(store);
      const labels = { ticket: '1' };
      const rare = await scene.submit({ labels });
      await scene.cancel(rare);
      await Promise.all(Array.from({ length: 10_100 }, () => scene.submit({ labels })));
      const filter: JobFilter = { ...everything, states: ['cancelled'], labels: [{ key: 'ticket', value: '1' }] };

      const first = await store.queries.jobs(account, filter, { limit: 5, cursor: null });
      const second = await store.queries.jobs(account, filter, { limit: 5, cursor: first.nextCursor });

      assert.deepEqual(first.items, []);
      assert.notEqual(first.nextCursor, null);
      assert.deepEqual(
        second.items.map(({ id }) => id),
        [rare.id],
      );
      assert.equal(second.nextCursor, null);
    });

    test('give the queue of all accounts, oldest first; a job that comes back keeps its place', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job: back, tried } = await scene.start();
      const second = await scene.submit({ account: 'other' });
      await scene.start();
      const third = await scene.submit();
      await scene.end(tried, 'never-started');

      const first = await store.queries.queuedJobs(null, 2);
      const rest = await store.queries.queuedJobs(first.at(-1)?.id ?? null, 2);

      assert.deepEqual(
        [...first, ...rest].map(({ id }) => id),
        [back.id, second.id, third.id],
      );
    });

    test('give the attempts that an agent must be told of, and no others', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [a1, a2] = [await scene.agent(), await scene.agent()];
      const offered = await scene.offer(await scene.submit(), a1);
      const running = (await scene.start({}, a1)).tried;
      const lost = (await scene.start({}, a1)).tried;
      await scene.lose(lost);
      const ended = (await scene.start({}, a1)).tried;
      await scene.end(ended, 'succeeded');
      const gone = (await scene.start({}, a1)).tried;
      await scene.decline(gone, 'state-lost');
      await scene.decline(await scene.offer(await scene.submit(), a1), 'no-slot');
      const foreign = (await scene.start({}, a2)).tried;

      const told = await store.queries.openAttempts(a1.id);
      const first = await store.queries.allOpenAttempts(null, 3);
      const rest = await store.queries.allOpenAttempts(first.at(-1)?.id ?? null, 3);

      assert.deepEqual(
        told.map(({ id }) => id),
        [offered.id, running.id, lost.id],
      );
      assert.deepEqual(
        [...first, ...rest].map(({ id }) => id),
        [offered.id, running.id, lost.id, foreign.id],
      );
    });
  });
}
