import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashToken, makeToken } from '../../../hub/identity/token-text.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi } from './api-harness.ts';

checkLeaks();

describe('a token of a call', () => {
  it('tells no token from a wrong one, and how to send it', async () => {
    await using api = await startApi();

    const missing = await api.call('/api/v1/jobs', { token: null });
    const wrong = await api.call('/api/v1/jobs', { token: 'fhu_wrong' });
    const basic = await api.call('/api/v1/jobs', { token: null, headers: { authorization: 'Basic YTpi' } });

    assert.deepEqual(
      [missing, wrong, basic].map(({ json }) => json.code),
      ['token-missing', 'token-invalid', 'token-invalid'],
    );
    assert.equal(missing.headers.get('www-authenticate'), 'Bearer');
    assert.match(wrong.headers.get('www-authenticate') ?? '', /^Bearer /);
  });

  it('looks at the token before anything else', async () => {
    await using api = await startApi();

    const broken = await api.call('/api/v1/jobs', { token: null, raw: 'not json' });
    const large = await api.call('/api/v1/jobs', { token: null, raw: 'x'.repeat(3 * 1024 * 1024) }).catch(() => null);
    const notAllowed = await api.call('/api/v1/jobs', { token: api.tokens.viewer, raw: 'not json' });

    assert.equal(broken.status, 401);
    assert.ok(large === null || large.status === 401);
    assert.equal(notAllowed.status, 403);
  });

  it('ends with the token: when it expires and when it is revoked', async () => {
    await using api = await startApi();
    const token = makeToken('user', systemRandom);
    const id = systemRandom.orderedUuid();
    const create = { id, hash: hashToken(token), account: 'default', role: 'viewer', name: '', actor: 'hub' } as const;
    await api.store.apply('create-token', { ...create, expiresAt: Date.now() + 3_600_000, at: Date.now() });
    const expired = makeToken('user', systemRandom);
    await api.store.apply('create-token', {
      ...create,
      id: systemRandom.orderedUuid(),
      hash: hashToken(expired),
      expiresAt: Date.now() - 1,
      at: Date.now(),
    });

    assert.equal((await api.call('/api/v1/jobs', { token })).status, 200);
    assert.equal((await api.call('/api/v1/jobs', { token: expired })).status, 401);
    await api.store.apply('revoke-token', { id, account: 'default', actor: 'hub', at: Date.now() });
    assert.equal((await api.call('/api/v1/jobs', { token })).status, 401);
  });
});

describe('tokens', () => {
  it('are made by an administrator, told once, and work', async () => {
    await using api = await startApi();

    const made = await api.call('/api/v1/tokens', {
      token: api.tokens.admin,
      body: { role: 'operator', account: 'other', name: 'ci', expiresInSeconds: 60 },
    });

    assert.equal(made.status, 201);
    assert.match(made.json.token, /^fhu_[A-Za-z0-9_-]{43}$/);
    const { token, ...rest } = made.json;
    assert.deepEqual([rest.account, rest.role, rest.name], ['other', 'operator', 'ci']);
    const job = await api.call('/api/v1/jobs', { token, body: { automation: 'greet' } });
    assert.equal(job.json.account, 'other');
  });

  it('are made for another account by administrators of the hub’s own account only', async () => {
    await using api = await startApi();
    const admin = await api.makeToken('admin', 'other');

    const own = await api.call('/api/v1/tokens', { token: admin, body: { role: 'viewer' } });
    const foreign = await api.call('/api/v1/tokens', { token: admin, body: { role: 'admin', account: 'default' } });
    const joining = await api.call('/api/v1/join-tokens', { token: admin, body: { account: 'default' } });

    assert.deepEqual([own.status, own.json.account], [201, 'other']);
    assert.deepEqual([foreign.status, foreign.json.code], [403, 'not-allowed']);
    assert.deepEqual([joining.status, joining.json.code], [403, 'not-allowed']);
  });

  it('are listed without their secrets, and are worth nothing once they are revoked', async () => {
    await using api = await startApi();
    const { admin } = api.tokens;
    const made = (await api.call('/api/v1/tokens', { token: admin, body: { role: 'viewer', name: 'ci' } })).json;
    const joining = (await api.call('/api/v1/join-tokens', { token: admin, body: { allowedLabels: 'site in (ams)' } }))
      .json;

    const listed = await api.call('/api/v1/tokens', { token: admin });
    const page = await api.call('/api/v1/tokens?limit=2', { token: admin });
    const rest = await api.call(`/api/v1/tokens?limit=500&cursor=${page.json.nextCursor}`, { token: admin });
    const listedJoining = await api.call('/api/v1/join-tokens', { token: admin });

    const { token, ...shown } = made;
    assert.deepEqual(listed.json.items.at(-1), shown);
    assert.deepEqual([...page.json.items, ...rest.json.items], listed.json.items);
    const { token: joinSecret, ...shownJoining } = joining;
    assert.deepEqual(listedJoining.json.items, [shownJoining]);
    for (const secret of [token, joinSecret]) assert.ok(!(listed.text + listedJoining.text).includes(secret));

    const revoke = { token: admin, method: 'DELETE' };
    assert.equal((await api.call('/api/v1/jobs', { token })).status, 200);
    assert.equal((await api.call(`/api/v1/tokens/${made.id}`, revoke)).status, 204);
    assert.equal((await api.call('/api/v1/jobs', { token })).status, 401);
    assert.equal((await api.call(`/api/v1/tokens/${made.id}`, revoke)).status, 404);
    assert.equal((await api.call(`/api/v1/join-tokens/${joining.id}`, revoke)).status, 204);
    assert.deepEqual((await api.call('/api/v1/join-tokens', { token: admin })).json.items, []);
  });

  it('do not revoke themselves, so that somebody can still get in', async () => {
    await using api = await startApi();
    const { admin } = api.tokens;
    const own = (await api.call('/api/v1/tokens', { token: admin })).json.items.find(
      ({ role }: { readonly role: string }) => role === 'admin',
    );

    const refused = await api.call(`/api/v1/tokens/${own.id}`, { token: admin, method: 'DELETE' });

    assert.deepEqual([refused.status, refused.json.code], [409, 'own-token']);
    assert.equal((await api.call('/api/v1/tokens', { token: admin })).status, 200);
  });

  it('of another account are for administrators of the hub’s own account only', async () => {
    await using api = await startApi();
    const { admin } = api.tokens;
    const theirs = await api.makeToken('admin', 'other');
    const viewer = (await api.call('/api/v1/tokens', { token: theirs, body: { role: 'viewer' } })).json;

    const foreign = await api.call('/api/v1/tokens?account=default', { token: theirs });
    const unnamed = await api.call(`/api/v1/tokens/${viewer.id}`, { token: admin, method: 'DELETE' });
    const named = await api.call(`/api/v1/tokens/${viewer.id}?account=other`, { token: admin, method: 'DELETE' });

    assert.deepEqual([foreign.status, foreign.json.code], [403, 'not-allowed']);
    assert.deepEqual([unnamed.status, named.status], [404, 204]);
  });

  it('for joining stand for one use and an hour unless told otherwise', async () => {
    await using api = await startApi();
    const { admin: token } = api.tokens;

    const plain = await api.call('/api/v1/join-tokens', { token, body: {} });
    const wide = await api.call('/api/v1/join-tokens', {
      token,
      body: { uses: null, expiresInSeconds: null, labels: { site: 'ams' }, allowedLabels: 'tier in (edge,core)' },
    });
    const bad = await api.call('/api/v1/join-tokens', { token, body: { uses: 0, allowedLabels: '(' } });

    assert.match(plain.json.token, /^fhj_/);
    assert.equal(plain.json.uses, 1);
    assert.ok(Math.abs(Date.parse(plain.json.expiresAt) - Date.now() - 3_600_000) < 60_000);
    assert.deepEqual([wide.json.uses, wide.json.expiresAt, wide.json.labels], [null, null, { site: 'ams' }]);
    assert.deepEqual(
      bad.json.errors.map((error: { readonly pointer: string }) => error.pointer),
      ['/uses', '/allowedLabels'],
    );
  });
});
