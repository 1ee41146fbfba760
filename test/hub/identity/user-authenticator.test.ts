import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hashToken } from '../../../hub/identity/token-text.ts';
import { createUserAuthenticator } from '../../../hub/identity/user-authenticator.ts';
import type { Store } from '../../../hub/store/store.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

it('A token counts until the moment at which it is over', async () => {
  const clock = createVirtualClock();
  const record = { id: 't1', account: 'red', role: 'viewer', name: 'ada', expiresAt: clock.now() + 1_000 };
  const queries = { tokenByHash: async (hash: string) => (hash === hashToken('secret') ? record : null) };
  const store = { queries } as unknown as Store;
  const signIn = createUserAuthenticator({ store, clock, judgeUserToken: null });
  const answer = async (token: string) => (await signIn(`Bearer ${token}`, '192.0.2.1')).type;

  await clock.advance(999);
  const before = await answer('secret');
  const unknown = await answer('guess');
  await clock.advance(1);

  assert.deepEqual([before, unknown, await answer('secret')], ['admitted', 'refused', 'refused']);
});
