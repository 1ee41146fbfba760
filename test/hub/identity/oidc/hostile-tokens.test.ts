import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { base64url, importJWK, type JWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import type { IssuerKeys } from '../../../../hub/identity/oidc/issuer-keys.ts';
import { createUserTokenJudge } from '../../../../hub/identity/oidc/user-token-judge.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { checkLeaks } from '../../../support/leak-check.ts';
import { makeSigningKey, type OidcIssuer, toPublicJwk } from '../../../support/oidc-issuer.ts';
import type { ApiHarness } from '../../api/api-harness.ts';
import { startOidc } from './oidc-harness.ts';

checkLeaks();

const now = () => Math.floor(Date.now() / 1000);
const encode = (value: object) => base64url.encode(JSON.stringify(value));

interface Site extends AsyncDisposable {
  readonly api: ApiHarness;
  readonly issuer: OidcIssuer;
  /** The claims of a token that is in order. */
  readonly good: JWTPayload;
  /** By the issuer's own key, unless told otherwise. */
  readonly sign: (payload: JWTPayload, header?: Readonly<Record<string, unknown>>, key?: JWK) => Promise<string>;
}

async function openSite(): Promise<Site> {
  const oidc = await startOidc({});
  const { api, issuer } = oidc;
  return {
    api,
    issuer,
    good: { iss: issuer.url, aud: 'farhand', sub: 'ada', groups: ['platform'], iat: now(), exp: now() + 600 },
    async sign(payload, header = {}, jwk = issuer.keys[0]) {
      assert.ok(jwk !== undefined);
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: 'first', ...header } as JWTHeaderParameters)
        .sign(await importJWK(jwk, 'RS256'), { crit: 'exp2' in header ? { exp2: true } : {} });
    },
    [Symbol.asyncDispose]: () => oidc[Symbol.asyncDispose](),
  };
}

async function makeHostile({ issuer, good, sign }: Site): Promise<Readonly<Record<string, string>>> {
  const { keys, url } = issuer;
  const without = (claim: string): JWTPayload =>
    Object.fromEntries(Object.entries(good).filter(([name]) => name !== claim));
  const stolen = await makeSigningKey('RS256', 'first');
  const publicKey = toPublicJwk(keys[0] ?? {});
  const myPublicKey = toPublicJwk(stolen);
  const body = encode(good);
  const secret = createPublicKey({ key: publicKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const hs256 = (key: string | Buffer) => {
    const head = `${encode({ alg: 'HS256', kid: 'first', typ: 'JWT' })}.${body}`;
    return `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
  };
  const unencoded = `${encode({ alg: 'RS256', kid: 'first', crit: ['b64'], b64: false })}.${body}`;
  const privateKey = createPrivateKey({ key: keys[0] ?? {}, format: 'jwk' });
  const signed = await sign(good);
  const [head = '', , signature = ''] = signed.split('.');
  return {
    'that nobody signed': `${encode({ alg: 'none', kid: 'first' })}.${body}.`,
    'that nobody signed, in capitals': `${encode({ alg: 'NONE', kid: 'first' })}.${body}.${signature}`,
    'without its signature': `${head}.${body}.`,
    'signed with the public key as a secret': hs256(secret),
    'signed with the JWK as a secret': hs256(JSON.stringify(publicKey)),
    'signed with the modulus as a secret': hs256(Buffer.from(publicKey.n ?? '', 'base64url')),
    'signed by another key under the same name': await sign(good, {}, stolen),
    'whose claims were changed': `${head}.${encode({ ...good, sub: 'root' })}.${signature}`,
    'of another issuer': await sign({ ...good, iss: 'https://other.example.org' }),
    'of an issuer with one letter more': await sign({ ...good, iss: `${url}/` }),
    'without an issuer': await sign(without('iss')),
    'for another audience': await sign({ ...good, aud: 'other' }),
    'for nobody': await sign(without('aud')),
    'for an audience that begins the same': await sign({ ...good, aud: ['farhand2', 'other'] }),
    'for several, by a program that is not listed': await sign({ ...good, aud: ['farhand', 'x'], azp: 'x' }),
    'for several, by nobody knows whom': await sign({ ...good, aud: ['farhand', 'x'] }),
    'that is over': await sign({ ...good, exp: now() - 31 }),
    'that never ends': await sign(without('exp')),
    'whose end is a text': await sign({ ...good, exp: '99999999999' as unknown as number }),
    'that is not begun': await sign({ ...good, nbf: now() + 90 }),
    'without a subject': await sign(without('sub')),
    'with an empty subject': await sign({ ...good, sub: '' }),
    'with a subject that breaks lines': await sign({ ...good, sub: 'ada\nroot' }),
    'with a subject that is too long': await sign({ ...good, sub: 'a'.repeat(256) }),
    'with a path for its key': await sign(good, { kid: '../../../../dev/null' }),
    'with a query for its key': await sign(good, { kid: "first' or '1'='1" }),
    'with the name of a prototype for its key': await sign(good, { kid: '__proto__' }),
    'that brings its own key': await sign(good, { jwk: myPublicKey }, stolen),
    'that says where its key is': await sign(good, { jku: 'http://127.0.0.1:1/jwks', kid: 'mine' }, stolen),
    'that says where its certificate is': await sign(good, { x5u: 'http://127.0.0.1:1/x5u' }, stolen),
    'that brings its certificate': await sign(good, { x5c: ['MIIB'] }, stolen),
    'that asks for an extension': await sign(good, { crit: ['exp2'], exp2: 1 }),
    'whose payload is not encoded': `${unencoded}.${signBytes('sha256', Buffer.from(unencoded), privateKey).toString('base64url')}`,
    'of another kind': await sign(good, { typ: 'logout+jwt' }),
    'within another': await sign({ ...good, groups: undefined }, { cty: 'JWT' }).then(
      (inner) => `${encode({ alg: 'RS256', kid: 'first', cty: 'JWT' })}.${base64url.encode(inner)}.${signature}`,
    ),
    'whose claims are a list': `${head}.${base64url.encode('[]')}.${signature}`,
    'whose header is a list': `${base64url.encode('[]')}.${body}.${signature}`,
    'whose header is not JSON': `${base64url.encode('{"alg":')}.${body}.${signature}`,
    'that is encrypted': `${head}.${body}.${signature}.${signature}.${signature}`,
    'that is too long': await sign({ ...good, groups: ['x'.repeat(9000)] }),
    'that holds nothing': 'a.b.c',
  };
}

/** Requests have ids of their own. */
function withoutId(text: string): string {
  return text.replace(/,"requestId":"[^"]+"/, '');
}

describe('a token that is not in order', () => {
  it('is answered 401 in the same words, whatever is wrong with it', async () => {
    await using site = await openSite();
    const { api, good, sign } = site;
    const unknown = await api.call('/api/v1/jobs', { token: `fhu_${'x'.repeat(43)}` });
    const inOrder = await api.call('/api/v1/jobs', { token: await sign(good) });
    assert.deepEqual([unknown.status, inOrder.status], [401, 200]);

    for (const [what, token] of Object.entries(await makeHostile(site))) {
      const answer = await api.call('/api/v1/jobs', { token });
      assert.equal(answer.status, 401, what);
      assert.equal(answer.headers.get('www-authenticate'), unknown.headers.get('www-authenticate'), what);
      // What cannot be a token at all is told how to send one; nothing of it was looked at.
      if (what !== 'that is too long') assert.equal(withoutId(answer.text), withoutId(unknown.text), what);
      assert.ok(!answer.text.includes(token.slice(0, 40)), what);
    }
    assert.deepEqual(api.complaints, []);
  });

  it('lets in all the same where only the clocks differ a little, or a program that is listed brings it', async () => {
    await using site = await openSite();
    const { api, good, sign } = site;
    const tokens = {
      'ended a moment ago': await sign({ ...good, exp: now() - 5 }),
      'begins in a moment': await sign({ ...good, nbf: now() + 5 }),
      'is for several, and for the program of our name': await sign({ ...good, aud: ['farhand', 'x'], azp: 'farhand' }),
      'is for several, and for the client of our name': await sign({
        ...good,
        aud: ['farhand', 'x'],
        client_id: 'farhand',
      }),
      'says that it is an access token': await sign(good, { typ: 'at+jwt' }),
      'does not name its key, where there is one': await sign(good, { kid: undefined }),
      'is for us in a list of one': await sign({ ...good, aud: ['farhand'] }),
    };

    for (const [what, token] of Object.entries(tokens)) {
      assert.equal((await api.call('/api/v1/jobs', { token })).status, 200, what);
    }
  });
});

describe('the judge of tokens', () => {
  it('goes by our clock and by our list of algorithms, whatever the key of the issuer could be used for', async () => {
    const jwk = await makeSigningKey('RS256', 'first');
    const publicKey = await importJWK(toPublicJwk(jwk), 'RS512');
    const good = { iss: 'https://login.example.org', aud: 'farhand', sub: 'ada', groups: ['platform'] };
    const sign = async (alg: string) =>
      new SignJWT({ ...good, exp: now() + 600 }).setProtectedHeader({ alg }).sign(await importJWK(jwk, alg));
    const judge = async (token: string, key: typeof publicKey, inMs = 0) => {
      const settings = { issuer: good.iss, audience: 'farhand', clients: [], roleClaim: 'groups', accountClaim: null };
      const judgeToken = createUserTokenJudge({
        settings: { ...settings, roles: [{ value: 'platform', role: 'admin' }] },
        keys: { find: async () => key as Awaited<ReturnType<IssuerKeys['find']>> },
        clock: { ...systemClock, now: () => Date.now() + inMs },
        logger: silentLogger,
      });
      return (await judgeToken(token)).type;
    };
    const usual = await importJWK(toPublicJwk(jwk), 'RS256');

    assert.equal(await judge(await sign('RS256'), usual), 'admitted');
    assert.equal(await judge(await sign('RS256'), usual, 3_600_000), 'refused');
    assert.equal(await judge(await sign('RS512'), publicKey), 'refused');
  });
});
