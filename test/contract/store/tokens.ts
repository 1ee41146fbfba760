import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, createScene, type OpenStore } from './scene.ts';

export function testTokens(open: OpenStore): void {
  describe('tokens', () => {
    test('are known by hash until they are revoked, by their own account', async () => {
      await using store = await open();
      const scene = createScene(store);
      const given = { id: 't', account, role: 'operator', name: 'ci', expiresAt: 5 } as const;
      const revoke = (of: string) => scene.apply('revoke-token', { id: 't', account: of, actor: 'token:t' });

      const made = await scene.apply('create-token', { ...given, hash: 'h', actor: 'hub' });
      const known = await store.queries.tokenByHash('h');
      const foreign = await revoke('other');
      const revoked = await revoke(account);
      const again = await revoke(account);

      assert.deepEqual(made, given);
      assert.deepEqual(known, given);
      assert.deepEqual([foreign.type, revoked.type, again.type], ['not-found', 'revoked', 'not-found']);
      assert.equal(await store.queries.tokenByHash('h'), null);
      const trail = await store.queries.auditOf(account, 'token:t', 0, 10);
      assert.deepEqual(
        trail.map(({ action }) => action),
        ['token.created', 'token.revoked'],
      );
      assert.ok(!JSON.stringify(trail).includes('"h"'));
    });

    test('are listed page by page, the oldest first, until they are revoked', async () => {
      await using store = await open();
      const scene = createScene(store);
      const given = { account, role: 'viewer', name: '', expiresAt: null, actor: 'hub' } as const;
      const create = (id: string) => scene.apply('create-token', { ...given, id, hash: `hash ${id}` });
      for (const id of ['t1', 't2', 't3']) await create(id);
      await scene.apply('create-token', { ...given, account: 'other', id: 't0', hash: 'theirs' });
      await scene.apply('revoke-token', { id: 't2', account, actor: 'hub' });

      const first = await store.queries.tokens(account, { limit: 1, cursor: null });
      const second = await store.queries.tokens(account, { limit: 1, cursor: first.nextCursor });

      assert.deepEqual(
        [...first.items, ...second.items].map(({ id }) => id),
        ['t1', 't3'],
      );
      assert.equal(second.nextCursor, null);
      assert.equal(typeof first.items[0]?.createdAt, 'number');
      assert.deepEqual(
        [await store.queries.anyToken('hash t2'), await store.queries.anyToken('hash t9')],
        [{ id: 't2', account }, null],
      );
    });

    test('join tokens are listed until they are revoked, and then nobody enrols with them', async () => {
      await using store = await open();
      const scene = createScene(store);
      const token = { account, usesLeft: 3, expiresAt: null, allowedLabels: [], labels: {}, ephemeral: false } as const;
      for (const id of ['j1', 'j2']) {
        await scene.apply('create-join-token', { token: { ...token, id }, hash: `hash ${id}`, actor: 'hub' });
      }
      const revoke = (of: string) => scene.apply('revoke-join-token', { id: 'j1', account: of, actor: 'token:t' });

      const foreign = await revoke('other');
      const revoked = await revoke(account);
      const again = await revoke(account);

      assert.deepEqual([foreign.type, revoked.type, again.type], ['not-found', 'revoked', 'not-found']);
      const left = await store.queries.joinTokens(account, { limit: 10, cursor: null });
      assert.deepEqual(
        left.items.map(({ id }) => id),
        ['j2'],
      );
      const enrolled = await scene.apply('enrol-agent', {
        joinTokenHash: 'hash j1',
        agentId: 'a',
        name: 'a',
        publicKey: 'k',
        claimedLabels: {},
      });
      assert.equal(enrolled.type, 'token-invalid');
      const trail = await store.queries.auditOf(account, 'join-token:j1', 0, 10);
      assert.deepEqual(
        trail.map(({ action }) => action),
        ['join-token.created', 'join-token.revoked'],
      );
    });

    test('join tokens come back as they were given', async () => {
      await using store = await open();
      const scene = createScene(store);
      const token = {
        id: 'j',
        account,
        usesLeft: 3,
        expiresAt: null,
        allowedLabels: [{ type: 'in', key: 'site', values: ['ams'] }],
        labels: { 'farhand.io/pool': 'one' },
        ephemeral: true,
      } as const;

      const made = await scene.apply('create-join-token', { token, hash: 'h', actor: 'token:t' });

      assert.deepEqual(made, token);
      assert.deepEqual(await store.queries.joinTokenByHash('h'), token);
      assert.equal(await store.queries.joinTokenByHash('other'), null);
    });

    test('a store is empty until the first of them is made', async () => {
      await using store = await open();
      const scene = createScene(store);

      const before = await store.queries.isEmpty();
      await scene.apply('create-token', {
        id: 't',
        hash: 'h',
        account,
        role: 'admin',
        name: 'first',
        expiresAt: null,
        actor: 'hub',
      });
      await scene.apply('revoke-token', { id: 't', account, actor: 'token:t' });

      assert.deepEqual([before, await store.queries.isEmpty()], [true, false]);
    });
  });
}
