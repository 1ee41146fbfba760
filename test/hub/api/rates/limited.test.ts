import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashToken } from '../../../../hub/identity/token-text.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { systemRandom } from '../../../../runtime/random.ts';
import { checkLeaks } from '../../../support/leak-check.ts';
import { type ApiHarness, type Call, startApi } from '../api-harness.ts';

checkLeaks();

async function repeat(api: ApiHarness, count: number, call: Call, path = '/api/v1/jobs') {
  const answers = [];
  for (let index = 0; index < count; index++) answers.push(await api.call(path, call));
  return answers;
}

/** All comes in one moment, however long it takes. */
const clock = { ...systemClock, monotonic: () => 1000 };

const statusesOf = (answers: readonly { readonly status: number }[]) => answers.map(({ status }) => status);

/** A token that somebody chose, as `FARHAND_ADMIN_TOKEN` may be. */
async function chooseToken(api: ApiHarness, token: string): Promise<void> {
  await api.store.apply('create-token', {
    id: systemRandom.orderedUuid(),
    hash: hashToken(token),
    account: 'default',
    role: 'admin',
    name: '',
    expiresAt: null,
    actor: 'hub',
    at: systemClock.now(),
  });
}

describe('too many requests', () => {
  it('of one token are answered 429, with what is limited, by which key, and when to come again', async () => {
    await using api = await startApi({ requestsPerSecond: 1 }, { clock });

    const answers = await repeat(api, 3, {});
    const other = await api.call('/api/v1/jobs', { token: api.tokens.viewer });

    assert.deepEqual(statusesOf(answers), [200, 200, 429]);
    const { json, headers } = answers[2] ?? {};
    assert.equal(json.code, 'too-many');
    assert.deepEqual(json.full, { what: 'token-requests', limit: 1, key: 'FARHAND_RATE_REQUESTS' });
    assert.equal(headers?.get('retry-after'), '1');
    assert.equal(other.status, 200);
  });

  it('of one address are answered 429 where no token is needed, but for whoever watches over the hub', async () => {
    await using api = await startApi({ publicRequestsPerSecond: 1 }, { clock });

    const answers = await repeat(api, 21, { token: null }, '/docs');
    const enrolment = await api.call('/v1/enrol', { method: 'POST', body: {}, token: 'fhj_x' });
    const watching = await repeat(api, 40, { token: null }, '/livez');
    const withToken = await api.call('/api/v1/jobs');

    assert.deepEqual(
      answers.slice(0, 20).filter(({ status }) => status !== 200),
      [],
    );
    assert.equal(answers[20]?.status, 429);
    assert.equal(enrolment.status, 429);
    assert.deepEqual(enrolment.json.full, { what: 'address-requests', limit: 1, key: 'FARHAND_RATE_PUBLIC_REQUESTS' });
    assert.ok(watching.every(({ status }) => status === 200));
    assert.equal(withToken.status, 200);
  });
});

describe('tokens that do not count', () => {
  const wrong = `fhu_${'x'.repeat(43)}`;

  it('are told so, then to wait; a valid one counts all the while', async () => {
    await using api = await startApi({ failedSignIns: 3 }, { clock });

    const answers = await repeat(api, 6, { token: wrong });
    const valid = await api.call('/api/v1/jobs');
    const missing = await api.call('/api/v1/jobs', { token: null });

    assert.deepEqual(statusesOf(answers), [401, 401, 401, 401, 429, 429]);
    const { json, headers } = answers[5] ?? {};
    assert.deepEqual(json.full, { what: 'failed-sign-ins', limit: 3, key: 'FARHAND_MAX_FAILED_SIGN_INS' });
    assert.equal(headers?.get('retry-after'), '1');
    assert.deepEqual([valid.status, missing.status], [200, 401]);
  });

  it('are the same for agents that join with them, and those with a good one join', async () => {
    await using api = await startApi({ failedSignIns: 1 }, { clock });
    const { token } = (await api.call('/api/v1/join-tokens', { token: api.tokens.admin, body: {} })).json;
    const body = { name: 'a1', labels: {}, publicKey: 'MCowBQYDK2VwAyEA' };
    const headers = { 'farhand-proof': `${'A'.repeat(86)}==` };

    const answers = await repeat(api, 3, { body, headers, token: `fhj_${'x'.repeat(43)}` }, '/v1/enrol');
    const good = await api.call('/v1/enrol', { body, headers, token });

    assert.deepEqual(statusesOf(answers), [401, 401, 429]);
    assert.match(answers[2]?.json.detail, /the join token is unknown, expired or used up/);
    // It was looked at: what is wrong is the key.
    assert.equal(good.status, 422);
  });

  it('that may be guessed are not even looked at for a while, however many come at once', async () => {
    await using api = await startApi({ failedSignIns: 3 }, { clock });
    await chooseToken(api, 'sesame');

    const guesses = await Promise.all(
      Array.from({ length: 40 }, (_, index) => api.call('/api/v1/jobs', { token: `guess-${index}` })),
    );
    const lucky = await api.call('/api/v1/jobs', { token: 'sesame' });

    const looked = guesses.filter(({ status }) => status === 401).length;
    assert.equal(looked, 4);
    assert.equal(lucky.status, 429);
    assert.equal((await api.call('/api/v1/jobs')).status, 200);
  });

  it('do not lock out a short one that counted before', async () => {
    await using api = await startApi({ failedSignIns: 3 }, { clock });
    await chooseToken(api, 'sesame');
    await api.call('/api/v1/jobs', { token: 'sesame' });

    await repeat(api, 6, { token: 'guess' });
    const own = await api.call('/api/v1/jobs', { token: 'sesame' });

    assert.equal(own.status, 200);
  });
});
