import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../../support/leak-check.ts';
import { makeSigningKey } from '../../../support/oidc-issuer.ts';
import { startOidc } from './oidc-harness.ts';

checkLeaks();

const groups = (...names: readonly string[]) => ({ claims: { groups: names } });

describe('a token of the issuer', () => {
  it('lets its user in with the role of the first pair that fits, and the audit names the user', async () => {
    await using oidc = await startOidc({ ada: groups('all', 'devs'), eve: groups('all') });
    const { api, issuer } = oidc;

    const made = await api.call('/api/v1/jobs', { token: await issuer.token('ada'), body: { automation: 'greet' } });
    const refused = await api.call('/api/v1/jobs', { token: await issuer.token('eve'), body: { automation: 'greet' } });
    const read = await api.call(`/api/v1/jobs/${made.json.id}`, { token: await issuer.token('eve') });

    assert.deepEqual([made.status, made.json.account], [201, 'default']);
    assert.deepEqual([refused.status, refused.json.code], [403, 'not-allowed']);
    assert.equal(read.status, 200);
    const [event] = await api.store.queries.auditOf('default', `job:${made.json.id}`, 0, 1);
    assert.equal(event?.actor, `user:${new URL(issuer.url).host}/ada`);
  });

  it('is refused with the name of the claim, and nothing of the token, where no value of it gives a role', async () => {
    await using oidc = await startOidc({ ada: groups('gardeners'), bob: {} });
    const { api, issuer } = oidc;

    for (const client of ['ada', 'bob']) {
      const token = await issuer.token(client);
      const answer = await api.call('/api/v1/jobs', { token });

      assert.deepEqual([answer.status, answer.json.code], [403, 'not-allowed']);
      assert.match(answer.json.detail, /the claim "groups" \(FARHAND_OIDC_ROLES/);
      assert.ok(
        !answer.text.includes('gardeners') && !answer.text.includes('platform') && !answer.text.includes(token),
      );
    }
  });

  it('has no role by a number that reads like the text that gives one', async () => {
    await using oidc = await startOidc(
      { text: { claims: { groups: ['7'] } }, number: { claims: { groups: [7] } } },
      { roles: [{ value: '7', role: 'viewer' }] },
    );
    const { api, issuer } = oidc;
    const ask = async (client: string) =>
      (await api.call('/api/v1/jobs', { token: await issuer.token(client) })).status;

    assert.deepEqual([await ask('text'), await ask('number')], [200, 403]);
  });

  it('works for the account that its claim names, and for none where it names none', async () => {
    const inTeam = (team: unknown) => ({ claims: { groups: ['platform'], org: { team } } });
    await using oidc = await startOidc(
      {
        ada: inTeam('red'),
        bob: inTeam(['blue']),
        eve: inTeam(['red', 'blue']),
        mal: inTeam('../red'),
        nil: groups('platform'),
      },
      { accountClaim: '/org/team' },
    );
    const { api, issuer } = oidc;

    const red = await api.call('/api/v1/jobs', { token: await issuer.token('ada'), body: { automation: 'greet' } });
    const blue = await api.call(`/api/v1/jobs/${red.json.id}`, { token: await issuer.token('bob') });
    const foreign = await api.call('/api/v1/tokens?account=default', { token: await issuer.token('ada') });
    const none = await Promise.all(
      ['eve', 'mal', 'nil'].map(async (client) => api.call('/api/v1/jobs', { token: await issuer.token(client) })),
    );

    assert.deepEqual([red.status, red.json.account], [201, 'red']);
    assert.equal(blue.status, 404);
    assert.equal(foreign.status, 403);
    for (const { status, json } of none) {
      assert.equal(status, 403);
      assert.match(json.detail, /the claim "\/org\/team" \(FARHAND_OIDC_ACCOUNT_CLAIM/);
    }
  });

  it('is taken with each algorithm of the list, beside the tokens of the hub itself', async () => {
    const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
    await using oidc = await startOidc(
      Object.fromEntries(algorithms.map((alg) => [alg.toLowerCase(), { alg, ...groups('all') }])),
    );
    const { api, issuer } = oidc;
    await issuer.start(await Promise.all(algorithms.map((alg) => makeSigningKey(alg, `key of ${alg}`))));
    oidc.pass(oidc.times.pauseMs);

    for (const alg of algorithms) {
      const token = await issuer.token(alg.toLowerCase());
      assert.match(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString(), new RegExp(`"alg":"${alg}"`));
      assert.equal((await api.call('/api/v1/jobs', { token })).status, 200, alg);
    }
    assert.equal((await api.call('/api/v1/jobs')).status, 200);
  });

  it('shows the status to users of the hub’s own account', async () => {
    await using oidc = await startOidc({ ada: groups('all') });

    const token = await oidc.issuer.token('ada');

    assert.equal((await oidc.api.call('/status', { token })).status, 200);
  });
});

describe('keys of the issuer', () => {
  it('are changed without a restart: new ones are found, and those it no longer names are worth nothing', async () => {
    await using oidc = await startOidc({ ada: groups('all') });
    const { api, issuer } = oidc;
    const [first] = issuer.keys;
    const old = await issuer.token('ada');
    assert.equal((await api.call('/api/v1/jobs', { token: old })).status, 200);

    const second = await makeSigningKey('RS256', 'second');
    await issuer.start([second, ...(first === undefined ? [] : [first])]);
    oidc.pass(oidc.times.pauseMs);
    const fresh = await issuer.token('ada');
    const both = [await api.call('/api/v1/jobs', { token: fresh }), await api.call('/api/v1/jobs', { token: old })];
    await issuer.start([await makeSigningKey('RS256', 'third')]);
    oidc.pass(oidc.times.pauseMs);
    const newest = await api.call('/api/v1/jobs', { token: await issuer.token('ada') });
    const gone = [await api.call('/api/v1/jobs', { token: fresh }), await api.call('/api/v1/jobs', { token: old })];

    assert.deepEqual(
      both.map(({ status }) => status),
      [200, 200],
    );
    assert.equal(newest.status, 200);
    assert.deepEqual(
      gone.map(({ status }) => status),
      [401, 401],
    );
  });

  it('go on while the issuer is down, for a bounded time; keys that are not known are answered 503, never taken', async () => {
    await using oidc = await startOidc({ ada: groups('all') });
    const { api, issuer } = oidc;
    const known = await issuer.token('ada');
    assert.equal((await api.call('/api/v1/jobs', { token: known })).status, 200);
    const keys = issuer.keys;
    await issuer.start([await makeSigningKey('RS256', 'second')]);
    const unknown = await issuer.token('ada');
    await issuer.stop();
    oidc.pass(oidc.times.pauseMs);

    const before = [
      await api.call('/api/v1/jobs', { token: known }),
      await api.call('/api/v1/jobs', { token: unknown }),
    ];
    oidc.pass(oidc.times.keepMs);
    const after = await api.call('/api/v1/jobs', { token: known });
    await issuer.start(keys);
    oidc.pass(oidc.times.pauseMs);
    const back = await api.call('/api/v1/jobs', { token: known });

    assert.deepEqual(
      before.map(({ status }) => status),
      [200, 503],
    );
    assert.equal(before[1]?.json.code, 'unavailable');
    assert.match(before[1]?.headers.get('retry-after') ?? '', /^\d+$/);
    assert.deepEqual([after.status, after.json.code], [503, 'unavailable']);
    assert.equal(back.status, 200);
  });
});
