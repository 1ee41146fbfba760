import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi } from './api-harness.ts';
import { enrolAgent, submitJob } from './job-run.ts';

checkLeaks();

describe('an ETag', () => {
  it('saves sending again what a reader has, until it changes', async () => {
    await using api = await startApi();
    const id = await submitJob(api);
    const first = await api.call(`/api/v1/jobs/${id}`);
    const tag = first.headers.get('etag') ?? '';
    const again = () => api.call(`/api/v1/jobs/${id}`, { headers: { 'if-none-match': `"other", W/${tag}` } });

    const same = await again();
    await api.call(`/api/v1/jobs/${id}/cancel`, { method: 'POST' });
    const changed = await again();

    assert.match(tag, /^"[\w-]{22}"$/);
    assert.deepEqual([same.status, same.text, same.headers.get('etag')], [304, '', tag]);
    assert.equal(same.headers.get('content-type'), null);
    assert.equal(changed.status, 200);
    assert.notEqual(changed.headers.get('etag'), tag);
  });

  it('is on every JSON document that is read, and says with HEAD the same', async () => {
    await using api = await startApi();
    await enrolAgent(api, 'a1');
    for (const path of ['/jobs', '/agents', '/automations', '/openapi.json']) {
      const read = await api.call(`/api/v1${path}`);
      const head = await api.call(`/api/v1${path}`, { method: 'HEAD' });
      assert.match(read.headers.get('etag') ?? '', /^"[\w-]{22}"$/, path);
      assert.deepEqual([head.status, head.headers.get('etag')], [200, read.headers.get('etag')], path);
    }
    assert.equal((await api.call('/livez')).headers.get('etag'), null);
    assert.equal((await api.call('/api/v1/jobs/unknown')).headers.get('etag'), null);
  });

  it('keeps two people from undoing what the other did to an agent', async () => {
    await using api = await startApi();
    await enrolAgent(api, 'a1');
    const call = (path: string, headers: Record<string, string>) =>
      api.call(`/api/v1/agents/a1/${path}`, { token: api.tokens.admin, method: 'POST', headers });
    const seen = (await api.call('/api/v1/agents/a1')).headers.get('etag') ?? '';

    const drained = await call('drain', { 'if-match': seen });
    const compressed = await call('drain', { 'if-match': `W/${drained.headers.get('etag')}` });
    const late = await call('resume', { 'if-match': seen });
    const resumed = await call('resume', { 'if-match': late.headers.get('etag') ?? '' });
    const careless = await call('drain', {});
    const any = await call('drain', { 'if-match': '*' });
    const wrong = await call('drain', { 'if-match': 'yesterday' });

    assert.match(seen, /^"1-[\w-]{22}"$/);
    assert.deepEqual([drained.status, drained.headers.get('etag')], [202, '"2"']);
    assert.deepEqual([compressed.status, compressed.headers.get('etag')], [202, '"3"']);
    assert.deepEqual([late.status, late.json.code], [412, 'stale']);
    assert.deepEqual([resumed.status, resumed.json.schedulable], [202, true]);
    assert.deepEqual([careless.status, any.status], [202, 202]);
    assert.deepEqual([wrong.status, wrong.json.code], [400, 'header-invalid']);
  });

  it('is refused as a condition where nobody would look at it', async () => {
    await using api = await startApi();
    const { id } = (await api.call('/api/v1/jobs', { body: { automation: 'greet' } })).json;
    const headers = { 'if-match': '"1"' };

    const cancelled = await api.call(`/api/v1/jobs/${id}/cancel`, { method: 'POST', headers });
    const read = await api.call(`/api/v1/jobs/${id}`, { headers });

    assert.deepEqual([cancelled.status, cancelled.json.code], [400, 'header-invalid']);
    assert.deepEqual([read.status, read.json.state], [200, 'queued']);
  });

  it('of an agent holds for editing while only that changed which nobody edits', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const seen = (await api.call('/api/v1/agents/a1')).headers.get('etag') ?? '';
    await api.store.apply('take-lease', { agentId: agent.id, owner: 'h2', expiresAt: Date.now(), at: Date.now() + 5 });

    const now = (await api.call('/api/v1/agents/a1')).headers.get('etag') ?? '';
    const drained = await api.call('/api/v1/agents/a1/drain', {
      token: api.tokens.admin,
      method: 'POST',
      headers: { 'if-match': seen },
    });

    assert.notEqual(now, seen);
    assert.equal(drained.status, 202);
  });
});
