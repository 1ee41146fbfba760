import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi } from './api-harness.ts';
import { enrolAgent } from './job-run.ts';

checkLeaks();

const none = { queuedJobs: null, runningJobs: null, logBytes: null };

describe('accounts', () => {
  it('show what they have and may have: all to who runs the hub, their own to everybody else', async () => {
    await using api = await startApi({ queuedJobs: 50 });
    const red = await api.makeToken('admin', 'red');
    const { admin, viewer } = api.tokens;
    api.view.waitingJobs = 3;
    api.view.runningJobs = 2;

    const all = await api.call('/api/v1/accounts', { token: admin });
    const own = [
      await api.call('/api/v1/accounts', { token: red }),
      await api.call('/api/v1/accounts', { token: viewer }),
    ];
    const foreign = await api.call('/api/v1/accounts/default', { token: red });
    const seen = await api.call('/api/v1/accounts/red', { token: admin });

    assert.deepEqual(
      all.json.items.map(({ name }: { name: string }) => name),
      ['default', 'red'],
    );
    assert.deepEqual(
      own.map(({ json }) => json.items.map(({ name }: { name: string }) => name)),
      [['red'], ['default']],
    );
    assert.equal(foreign.status, 404);
    assert.deepEqual(seen.json, {
      name: 'red',
      usage: { queuedJobs: 3, runningJobs: 2, logBytes: 0 },
      limits: { queuedJobs: 50, runningJobs: null, logBytes: null },
      quotas: none,
      version: 0,
    });
  });

  it('get quotas from who runs the hub alone, and not over the head of somebody else', async () => {
    await using api = await startApi();
    const red = await api.makeToken('admin', 'red');
    const { admin } = api.tokens;
    const put = (token: string, body: object, headers = {}) =>
      api.call('/api/v1/accounts/red/quotas', { method: 'PUT', token, body, headers });

    const own = await put(red, { ...none, queuedJobs: 'unlimited' });
    const set = await put(admin, { ...none, queuedJobs: 1, runningJobs: 7 });
    const stale = await put(admin, none, { 'if-match': '"0"' });
    const part = await put(admin, { queuedJobs: 1 });
    const bad = await put(admin, { queuedJobs: -1, runningJobs: 'many', logBytes: 1.5 });
    const seen = await api.call('/api/v1/accounts/red', { token: red });
    const again = await put(admin, none, { 'if-match': seen.headers.get('etag') ?? '' });

    assert.deepEqual([own.status, own.json.code], [403, 'not-allowed']);
    assert.deepEqual([set.status, set.headers.get('etag')], [200, '"1"']);
    assert.deepEqual(set.json.limits, { queuedJobs: 1, runningJobs: 7, logBytes: null });
    assert.deepEqual([stale.status, stale.json.code, stale.headers.get('etag')], [412, 'stale', '"1"']);
    assert.deepEqual([part.status, bad.status, again.status], [422, 422, 200]);
  });

  it('that have their own quota of queued jobs are told so', async () => {
    await using api = await startApi();
    const body = { automation: 'greet' };
    const quotas = { ...none, queuedJobs: 3 };
    await api.call('/api/v1/accounts/default/quotas', { method: 'PUT', token: api.tokens.admin, body: quotas });
    api.view.waitingJobs = 3;

    const refused = await api.call('/api/v1/jobs', { body });
    const other = await api.call('/api/v1/jobs', { token: await api.makeToken('operator', 'red'), body });

    assert.equal(refused.status, 429);
    assert.deepEqual(refused.json.full, { what: 'account-queue', limit: 3, key: 'quotas.queuedJobs' });
    assert.equal(other.status, 201);
  });

  it('whose logs take what they may are refused new jobs, and told why; the same request as before still answers', async () => {
    await using api = await startApi();
    await enrolAgent(api, 'a1');
    const body = { automation: 'greet' };
    const headers = { 'idempotency-key': 'same' };
    const first = await api.call('/api/v1/jobs', { body, headers });
    await api.call('/api/v1/accounts/default/quotas', {
      method: 'PUT',
      token: api.tokens.admin,
      body: { ...none, logBytes: 0 },
    });

    const refused = await api.call('/api/v1/jobs', { body });
    const rerun = await api.call(`/api/v1/jobs/${first.json.id}/rerun`, { body: {} });
    const again = await api.call('/api/v1/jobs', { body, headers });

    assert.deepEqual([first.status, refused.status, rerun.status, again.status], [201, 403, 403, 200]);
    assert.equal(refused.json.code, 'quota-exceeded');
    assert.deepEqual(refused.json.full, { what: 'account-logs', limit: 0, key: 'quotas.logBytes' });
    assert.match(refused.json.detail, /may have 0 \(quotas\.logBytes\)\. Nothing was stored/);
  });
});
