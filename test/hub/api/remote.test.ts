import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi } from './api-harness.ts';

checkLeaks();

/** Where a call that says it was forwarded comes from, as the audit tells it. */
async function remoteOf(trustedProxies: readonly string[]): Promise<unknown> {
  await using api = await startApi({}, { trustedProxies });
  const headers = { 'x-forwarded-for': '192.0.2.7' };
  await api.call('/api/v1/tokens', { body: { role: 'viewer' }, token: api.tokens.admin, headers });
  const { json } = await api.call('/api/v1/audit?action=token', { token: api.tokens.admin });
  return json.items[0]?.remote;
}

describe('the address of a caller in the audit', () => {
  it('is the one that a trusted proxy names', async () => {
    assert.equal(await remoteOf(['loopback']), '192.0.2.7');
  });

  it('is that of the connection where nobody trusts who names another', async () => {
    assert.equal(await remoteOf([]), '127.0.0.1');
  });
});
