import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { type ApiHarness, startApi } from './api-harness.ts';

checkLeaks();

function makeKey(type: 'ed25519' | 'ed448' = 'ed25519') {
  // Two overloads of one call: the type of key cannot be chosen in the argument.
  const { publicKey, privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448');
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), privateKey };
}

async function makeJoinToken(api: ApiHarness, body: object = {}): Promise<string> {
  return (await api.call('/api/v1/join-tokens', { token: api.tokens.admin, body })).json.token;
}

async function enrol(
  api: ApiHarness,
  token: string | null,
  {
    key = makeKey(),
    name = 'a1',
    labels = {},
    signedName = name,
  }: { key?: ReturnType<typeof makeKey>; name?: string; labels?: object; signedName?: string } = {},
) {
  const proof = sign(null, Buffer.from(`farhand-enrol-v1\n${key.publicKey}\n${signedName}`), key.privateKey);
  const { status, json } = await api.call('/v1/enrol', {
    token,
    body: { name, labels, publicKey: key.publicKey },
    headers: { 'farhand-proof': proof.toString('base64') },
  });
  return [status, json?.code ?? json, json] as const;
}

describe('enrolment', () => {
  it('lets an agent in with a join token and the proof of its key', async () => {
    await using api = await startApi();
    const token = await makeJoinToken(api, { labels: { site: 'ams' } });
    const key = makeKey();

    const [status, , answer] = await enrol(api, token, { key, labels: { tier: 'edge' } });

    assert.equal(status, 201);
    const agent = await api.store.queries.agent(answer.id);
    assert.deepEqual([agent?.name, agent?.account, agent?.publicKey], ['a1', 'default', key.publicKey]);
    assert.deepEqual(agent?.labels, { site: 'ams', tier: 'edge' });
  });

  it('tells one without a proof whether its token is used up', async () => {
    await using api = await startApi();
    const token = await makeJoinToken(api);

    const [, fresh] = await enrol(api, token, { signedName: 'other' });
    await enrol(api, token);
    const [, spent] = await enrol(api, token, { signedName: 'other', name: 'a2' });

    assert.deepEqual([fresh, spent], ['agent-credential-invalid', 'join-token-invalid']);
  });

  it('answers the same key again, also when the token is used up', async () => {
    await using api = await startApi();
    const token = await makeJoinToken(api);
    const key = makeKey();

    const [first, , one] = await enrol(api, token, { key });
    const [second, , same] = await enrol(api, token, { key });
    const [third, code] = await enrol(api, token, { name: 'a2' });

    assert.deepEqual([first, second, same.id], [201, 200, one.id]);
    assert.deepEqual([third, code], [401, 'join-token-invalid']);
  });

  it('refuses other tokens, and names that are taken', async () => {
    await using api = await startApi();
    const token = await makeJoinToken(api, { uses: 5 });
    await enrol(api, token);

    assert.deepEqual((await enrol(api, null)).slice(0, 2), [401, 'token-missing']);
    assert.deepEqual((await enrol(api, 'fhj_wrong')).slice(0, 2), [401, 'join-token-invalid']);
    assert.deepEqual((await enrol(api, api.tokens.admin)).slice(0, 2), [401, 'join-token-invalid']);
    assert.deepEqual((await enrol(api, token)).slice(0, 2), [409, 'name-taken']);
    assert.equal((await api.call('/api/v1/jobs', { token })).status, 401);
  });

  it('refuses an expired token', async () => {
    await using api = await startApi();
    const token = await makeJoinToken(api, { expiresInSeconds: 0.001 });
    await new Promise((resolve) => setTimeout(resolve, 5));

    assert.deepEqual((await enrol(api, token)).slice(0, 2), [401, 'join-token-invalid']);
  });

  it('refuses labels that the token does not allow, the hub’s own always', async () => {
    await using api = await startApi();
    const token = await makeJoinToken(api, { uses: null, allowedLabels: 'tier in (edge,core)' });
    const any = await makeJoinToken(api, { uses: null });

    assert.deepEqual((await enrol(api, token, { labels: { tier: 'vault' } })).slice(0, 2), [403, 'labels-not-allowed']);
    assert.deepEqual((await enrol(api, any, { labels: { 'farhand.io/x': 'y' } })).slice(0, 2), [
      403,
      'labels-not-allowed',
    ]);
    assert.equal((await enrol(api, token, { labels: { tier: 'edge' } }))[0], 201);
  });

  it('refuses a key that is none, another kind of key, and a proof of something else', async () => {
    await using api = await startApi();
    const token = await makeJoinToken(api, { uses: null });
    const call = (body: object, headers: Record<string, string>) => api.call('/v1/enrol', { token, body, headers });
    const good = { name: 'a1', labels: {}, publicKey: makeKey().publicKey };
    const proof = { 'farhand-proof': `${'A'.repeat(86)}==` };

    assert.deepEqual((await enrol(api, token, { signedName: 'other' })).slice(0, 2), [401, 'agent-credential-invalid']);
    assert.equal((await call(good, {})).json.code, 'header-invalid');
    assert.equal((await call(good, { 'farhand-proof': 'AAAA' })).json.code, 'header-invalid');
    assert.equal((await call(good, proof)).json.code, 'agent-credential-invalid');
    assert.equal((await call({ ...good, publicKey: 'AAAA' }, proof)).json.errors[0].pointer, '/publicKey');
    assert.equal(
      (await call({ ...good, publicKey: makeKey('ed448').publicKey }, proof)).json.errors[0].pointer,
      '/publicKey',
    );
    assert.equal((await call({ ...good, publicKey: '!' }, proof)).json.errors[0].pointer, '/publicKey');
    assert.equal((await call({ ...good, name: 'a b' }, proof)).json.errors[0].pointer, '/name');
    // What only a later agent says is left aside.
    assert.equal((await call({ ...good, extra: 1 }, proof)).json.code, 'agent-credential-invalid');
    assert.equal((await api.call('/v1/enrol', { token: null, raw: 'junk' })).status, 401);
    assert.deepEqual((await api.call('/api/v1/agents')).json.items, []);
    assert.deepEqual(api.complaints, []);
  });

  it('lets a new key take over a name only where the token says so', async () => {
    await using api = await startApi();
    const token = await makeJoinToken(api, { uses: null, ephemeral: true });

    const [first, , one] = await enrol(api, token);
    const [second, , same] = await enrol(api, token);

    assert.deepEqual([first, second], [201, 201]);
    assert.equal(same.id, one.id);
  });
});
