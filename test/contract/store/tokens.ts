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
