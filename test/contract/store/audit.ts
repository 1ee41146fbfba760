import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, createScene, type OpenStore } from './scene.ts';

const everything = { actor: null, action: null, object: null, since: null, until: null };

export function testAudit(open: OpenStore): void {
  describe('the audit', () => {
    test('says who asked for something, by which request and from where', async () => {
      await using store = await open();
      const scene = createScene(store);
      const actor = { name: 'token:t1', requestId: 'r1', remote: '192.0.2.1' };
      const token = { account, role: 'viewer', name: '', expiresAt: null } as const;
      await scene.apply('create-token', { ...token, id: 't1', hash: 'h', actor: 'hub' });
      await scene.apply('revoke-token', { id: 't1', account, actor });

      const { items } = await store.queries.audit(account, everything, { limit: 10, before: null });

      assert.deepEqual(
        items.map((event) => [event.action, event.actor, event.requestId, event.remote]),
        [
          ['token.revoked', 'token:t1', 'r1', '192.0.2.1'],
          ['token.created', 'hub', null, null],
        ],
      );
    });

    test('is read page by page, the newest first, by what is asked for, and of one account', async () => {
      await using store = await open();
      const scene = createScene(store);
      const token = { role: 'viewer', name: '', expiresAt: null } as const;
      for (const id of ['t1', 't2', 't3'])
        await scene.apply('create-token', { ...token, account, id, hash: id, actor: `token:${id}` });
      await scene.apply('create-token', { ...token, account: 'other', id: 't4', hash: 't4', actor: 'token:t1' });
      await scene.apply('revoke-token', { id: 't2', account, actor: 'token:t1' });
      const ask = async (
        filter: Partial<typeof everything> | { readonly [Key in keyof typeof everything]?: string | number },
      ) =>
        (await store.queries.audit(account, { ...everything, ...filter } as never, { limit: 10, before: null })).items;
      const told = (events: Awaited<ReturnType<typeof ask>>) =>
        events.map(({ action, object }) => `${action} ${object}`);

      const first = await store.queries.audit(account, everything, { limit: 3, before: null });
      const second = await store.queries.audit(account, everything, { limit: 3, before: first.end });

      assert.deepEqual(told(first.items), [
        'token.revoked token:t2',
        'token.created token:t3',
        'token.created token:t2',
      ]);
      assert.deepEqual(told(second.items), ['token.created token:t1']);
      assert.equal(second.end, null);
      assert.deepEqual(told(await ask({ actor: 'token:t1' })), ['token.revoked token:t2', 'token.created token:t1']);
      assert.deepEqual(told(await ask({ object: 'token:t2' })), ['token.revoked token:t2', 'token.created token:t2']);
      assert.deepEqual(told(await ask({ action: 'token.revoked' })), ['token.revoked token:t2']);
      assert.equal((await ask({ action: 'token' })).length, 4);
      assert.equal((await ask({ action: 'tok' })).length, 0);
      const at = first.items[1]?.at ?? 0;
      assert.deepEqual(told(await ask({ since: at })), ['token.revoked token:t2', 'token.created token:t3']);
      assert.deepEqual(told(await ask({ until: at })), ['token.created token:t2', 'token.created token:t1']);
    });

    test('looks at so many events at a time, and says where to go on', async () => {
      await using store = await open();
      const scene = createScene(store);
      const token = { account, role: 'viewer', name: '', expiresAt: null } as const;
      await scene.apply('create-token', { ...token, id: 'first', hash: 'first', actor: 'token:rare' });
      const others = Array.from({ length: 10_050 }, (_, number) =>
        scene.apply('create-token', { ...token, id: `t${number}`, hash: `t${number}`, actor: 'hub' }),
      );
      await Promise.all(others);
      const filter = { ...everything, actor: 'token:rare' };

      const first = await store.queries.audit(account, filter, { limit: 10, before: null });
      const second = await store.queries.audit(account, filter, { limit: 10, before: first.end });

      assert.deepEqual(first.items, []);
      assert.notEqual(first.end, null);
      assert.deepEqual(
        second.items.map(({ object }) => object),
        ['token:first'],
      );
      assert.equal(second.end, null);
      // The last that the first page looked at: the next one begins behind it.
      const [edge] = await store.queries.auditAfter(account, (first.end ?? 0) - 1, 1);
      const ofEdge = { ...everything, object: edge?.object ?? '' };
      const { items } = await store.queries.audit(account, ofEdge, { limit: 10, before: null });
      assert.deepEqual(items, [edge]);
    });
  });
}
