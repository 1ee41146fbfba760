import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi } from './api-harness.ts';

checkLeaks();

const uuid = /^[0-9a-f]{8}-/;

describe('the id of a request', () => {
  it('is the caller’s where that is well-formed, and comes back in the answer, the problem and the audit', async () => {
    await using api = await startApi();
    const { admin: token } = api.tokens;
    const headers = { 'x-request-id': 'deploy-42/step.3' };

    const made = await api.call('/api/v1/tokens', { token, body: { role: 'viewer' }, headers });
    const missed = await api.call('/api/v1/jobs/none', { headers });
    const audit = await api.call('/api/v1/audit?limit=1', { token });

    assert.equal(made.headers.get('x-request-id'), 'deploy-42/step.3');
    assert.equal(missed.headers.get('x-request-id'), 'deploy-42/step.3');
    assert.equal(missed.json.requestId, 'deploy-42/step.3');
    assert.equal(audit.json.items[0].requestId, 'deploy-42/step.3');
  });

  it('is a new one for each request that says none, or one that would not do in a log', async () => {
    await using api = await startApi();
    const ids = new Set<string>();

    for (const said of [undefined, '', 'two words', '{"a":1}', 'x'.repeat(129), '-f']) {
      const answer = await api.call('/api/v1/none', said === undefined ? {} : { headers: { 'x-request-id': said } });
      assert.match(answer.json.requestId, uuid, String(said));
      assert.equal(answer.headers.get('x-request-id'), answer.json.requestId);
      ids.add(answer.json.requestId);
    }

    assert.equal(ids.size, 6);
  });

  it('stands on answers that need no token, that last, and that were refused by their path', async () => {
    await using api = await startApi();
    const headers = { 'x-request-id': 'r1' };
    const leaving = new AbortController();

    const events = await api.fetch('/api/v1/events', { headers, signal: leaving.signal });
    leaving.abort();
    const live = await api.call('/livez', { token: null, headers });
    const wild = await api.call('/api/v1/%', { headers });

    assert.deepEqual(
      [events.headers, live.headers, wild.headers].map((one) => one.get('x-request-id')),
      ['r1', 'r1', 'r1'],
    );
  });
});
