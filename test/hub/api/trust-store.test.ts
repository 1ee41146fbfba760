import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScene } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi } from './api-harness.ts';

checkLeaks();

describe('POST /trust-store', () => {
  it('names the agents that knew more, and has nothing to say the second time', async () => {
    await using api = await startApi();
    const scene = createScene(api.store);
    const { id } = await scene.agent('knowing');
    await scene.apply('doubt-store', { agentId: id, startId: 'lost', commits: 9, offered: [] });

    const first = await api.call('/api/v1/trust-store', { method: 'POST', token: api.tokens.admin });
    const second = await api.call('/api/v1/trust-store', { method: 'POST', token: api.tokens.admin });

    assert.deepEqual([first.status, first.json], [200, { agents: ['knowing'] }]);
    assert.deepEqual([second.status, second.json], [200, { agents: [] }]);
    assert.deepEqual(await api.store.queries.agentsAhead(), []);
    const events = await api.store.queries.auditAfter('default', 0, 100);
    assert.ok(events.some(({ action }: { readonly action: string }) => action === 'hub.store-trusted'));
  });

  it('takes an administrator of the account of the hub', async () => {
    await using api = await startApi();
    const stranger = await api.makeToken('admin', 'tenant');

    for (const token of [api.tokens.operator, stranger]) {
      const answer = await api.call('/api/v1/trust-store', { method: 'POST', token });

      assert.deepEqual([answer.status, answer.json.code], [403, 'not-allowed']);
    }
  });
});

describe('GET /readyz', () => {
  it('is 200 while jobs are held, because those are to come who are to end it, and says why', async () => {
    await using api = await startApi();
    api.view.heldBecause = 'an older copy';

    const answer = await api.call('/readyz');

    assert.deepEqual([answer.status, answer.json], [200, { status: 'ok', held: 'an older copy' }]);
  });
});
