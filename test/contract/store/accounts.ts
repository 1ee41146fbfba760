import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Change } from '../../../hub/store/store.ts';
import { createScene, type OpenStore } from './scene.ts';

const none = { queuedJobs: null, runningJobs: null, logBytes: null };

export function testAccounts(open: OpenStore): void {
  describe('accounts', () => {
    test('have the quotas that were set last, unless somebody changed them meanwhile', async () => {
      await using store = await open();
      const scene = createScene(store);
      const changes: Change[] = [];
      using _listening = store.subscribe((told) => void changes.push(...told.filter(({ type }) => type === 'quotas')));
      const wanted = { queuedJobs: 10, runningJobs: 'unlimited', logBytes: null } as const;
      const set = (quotas: typeof wanted | typeof none, ifVersion: number | null) =>
        scene.apply('set-quotas', { account: 'red', quotas, ifVersion, actor: 'token:t1' });

      const before = await store.queries.account('red');
      const first = await set(wanted, 0);
      const stale = await set(none, 0);
      const after = await store.queries.account('red');
      const second = await set(none, null);

      assert.deepEqual(before, { name: 'red', version: 0, quotas: none, logBytes: 0 });
      assert.deepEqual(
        [first, stale, second],
        [
          { type: 'set', version: 1 },
          { type: 'stale', version: 1 },
          { type: 'set', version: 2 },
        ],
      );
      assert.deepEqual(after.quotas, wanted);
      assert.deepEqual(await store.queries.quotasAfter('', 10), [{ account: 'red', quotas: none }]);
      assert.deepEqual(
        changes.map((change) => change.type === 'quotas' && change.quotas),
        [wanted, none],
      );
      const trail = await store.queries.auditOf('red', 'account:red', 0, 10);
      assert.deepEqual(
        trail.map(({ action, data }) => [action, data]),
        [
          ['account.quotas-set', { before: none, after: wanted }],
          ['account.quotas-set', { before: wanted, after: none }],
        ],
      );
    });

    test('know how much the logs of their ended jobs take, until those are removed', async () => {
      await using store = await open();
      const scene = createScene(store);
      const bytes = async () =>
        Promise.all(['default', 'red'].map(async (name) => (await store.queries.account(name)).logBytes));
      const end = async (account: string) => {
        const { job, tried } = await scene.start({ account });
        const running = await bytes();
        await scene.end(tried, 'succeeded');
        return { job, running };
      };

      const first = await end('red');
      await end('red');
      await end('default');
      const three = await bytes();
      const place = await store.queries.earlierEnd('red', null, 0);
      const end0 = await store.queries.earlierEnd('red', null, 1);
      assert.ok(place !== null && end0 !== null);
      await scene.apply('remove-jobs', {
        account: 'red',
        endedBefore: place.endedAt,
        settledBefore: Number.MIN_SAFE_INTEGER,
      });
      const two = await bytes();
      await scene.apply('remove-jobs', {
        account: 'red',
        endedBefore: Number.MAX_SAFE_INTEGER,
        settledBefore: Number.MIN_SAFE_INTEGER,
      });

      assert.deepEqual(first.running, [0, 0]);
      assert.deepEqual(
        [three, two, await bytes()],
        [
          [10, 20],
          [10, 10],
          [10, 0],
        ],
      );
    });

    test('have no bytes of logs that were removed before their jobs', async () => {
      await using store = await open();
      const scene = createScene(store);
      for (let count = 0; count < 3; count += 1) await scene.end((await scene.start()).tried, 'succeeded');

      await scene.apply('remove-logs', { bytes: 20, endedBefore: Number.MAX_SAFE_INTEGER, after: null });

      assert.equal((await store.queries.account('default')).logBytes, 10);
    });

    test('are listed by name, page by page: whoever has a token, a join token, an agent, a job or quotas', async () => {
      await using store = await open();
      const scene = createScene(store);
      await scene.submit({ account: 'with-job' });
      const token = { role: 'viewer', name: '', expiresAt: null, actor: 'hub' } as const;
      await scene.apply('create-token', { ...token, id: 't1', hash: 'h1', account: 'with-token' });
      await scene.apply('create-token', { ...token, id: 't2', hash: 'h2', account: 'with-token' });
      await scene.apply('set-quotas', { account: 'with-quotas', quotas: none, ifVersion: null, actor: 'hub' });
      const { account: ofAgent } = await scene.agent();

      const first = await store.queries.accounts({ limit: 2, cursor: null });
      const second = await store.queries.accounts({ limit: 2, cursor: first.nextCursor });

      assert.deepEqual(
        [...first.items, ...second.items].map(({ name }) => name),
        [ofAgent, 'with-job', 'with-quotas', 'with-token'].toSorted(),
      );
      assert.equal(second.nextCursor, null);
    });
  });
}
