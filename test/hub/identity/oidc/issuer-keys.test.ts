import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { fetchIssuerKeys } from '../../../../hub/identity/oidc/fetch-issuer-keys.ts';
import { IssuerKeys, usualIssuerTimes } from '../../../../hub/identity/oidc/issuer-keys.ts';
import { OidcError } from '../../../../hub/identity/oidc/oidc-error.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { createLoopBoard } from '../../../../runtime/loop-board.ts';
import { createDirectOutlet } from '../../../../runtime/network/outlet.ts';
import { createOutletFetch } from '../../../../runtime/network/outlet-fetch.ts';
import { checkLeaks } from '../../../support/leak-check.ts';
import { makeSigningKey, toPublicJwk } from '../../../support/oidc-issuer.ts';

checkLeaks();

const fetch = createOutletFetch(createDirectOutlet({ logger: silentLogger }));

type Reply = { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown };

interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  replies: Record<string, Reply>;
}

const discoveryPath = '/.well-known/openid-configuration';

/** Answers what an issuer in order never would. */
async function startStandIn(): Promise<StandIn> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { status = 200, headers = {}, body } = standIn.replies[request.url ?? ''] ?? { status: 404, body: 'no' };
    response.writeHead(status, { connection: 'close', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const standIn: StandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    replies: {},
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
  return standIn;
}

describe('the answer of an issuer', () => {
  it('counts only where it is what discovery says, of this very issuer, with keys that can be used', async () => {
    await using standIn = await startStandIn();
    const { url } = standIn;
    const privateKey = await makeSigningKey('RS256', 'first');
    const key = toPublicJwk(privateKey);
    const discovery = { issuer: url, jwks_uri: `${url}/jwks` };
    const well = { [discoveryPath]: { body: discovery }, '/jwks': { body: { keys: [key] } } };
    const cases: Record<string, readonly [string | null, Record<string, Reply>]> = {
      'in order': [null, well],
      'keys of other kinds beside a good one': [
        null,
        { ...well, '/jwks': { body: { keys: [{ kty: 'oct', k: 'AAAA' }, { kty: 'XYZ' }, key] } } },
      ],
      'another issuer': ['answer-invalid', { ...well, [discoveryPath]: { body: { ...discovery, issuer: `${url}/` } } }],
      'no discovery': ['answer-invalid', { '/jwks': well['/jwks'] }],
      'a redirect': [
        'answer-invalid',
        {
          ...well,
          [discoveryPath]: { status: 302, headers: { location: '/elsewhere' }, body: '' },
          '/elsewhere': { body: discovery },
        },
      ],
      'a page': ['answer-invalid', { ...well, [discoveryPath]: { body: '<html>' } }],
      'a list': ['answer-invalid', { ...well, [discoveryPath]: { body: [] } }],
      'keys in plain text elsewhere': [
        'answer-invalid',
        { ...well, [discoveryPath]: { body: { ...discovery, jwks_uri: 'http://keys.example.org/jwks' } } },
      ],
      'keys with a password': [
        'answer-invalid',
        { ...well, [discoveryPath]: { body: { ...discovery, jwks_uri: `${url.replace('//', '//me:pw@')}/jwks` } } },
      ],
      'keys in a file': [
        'answer-invalid',
        { ...well, [discoveryPath]: { body: { ...discovery, jwks_uri: 'file:///etc/passwd' } } },
      ],
      'keys that are none': ['answer-invalid', { ...well, '/jwks': { body: { keys: 'none' } } }],
      'too many keys': [
        'answer-invalid',
        { ...well, '/jwks': { body: { keys: Array.from({ length: 101 }, () => key) } } },
      ],
      'too much': ['answer-invalid', { ...well, '/jwks': { body: { keys: [key], more: 'x'.repeat(300_000) } } }],
      'no keys': ['no-usable-keys', { ...well, '/jwks': { body: { keys: [] } } }],
      'only private keys': ['no-usable-keys', { ...well, '/jwks': { body: { keys: [privateKey] } } }],
      'only secrets': [
        'no-usable-keys',
        { ...well, '/jwks': { body: { keys: [{ kty: 'oct', k: 'AAAA', alg: 'HS256' }] } } },
      ],
      'only keys for an algorithm that is not taken': [
        'no-usable-keys',
        { ...well, '/jwks': { body: { keys: [{ ...key, alg: 'RS512' }] } } },
      ],
      'only keys on a curve that is not taken': [
        'no-usable-keys',
        { ...well, '/jwks': { body: { keys: [{ kty: 'EC', crv: 'P-384', x: 'AAAA', y: 'AAAA' }] } } },
      ],
      'only keys for encryption': [
        'no-usable-keys',
        { ...well, '/jwks': { body: { keys: [{ ...key, use: 'enc' }] } } },
      ],
    };

    for (const [what, [code, replies]] of Object.entries(cases)) {
      standIn.replies = replies;
      const signal = new AbortController().signal;
      const outcome = await fetchIssuerKeys(url, { fetch, signal, now: Date.now }).catch((error: unknown) => error);
      if (code === null) assert.ok(!(outcome instanceof Error), what);
      else assert.equal(outcome instanceof OidcError ? outcome.code : outcome, code, what);
    }
  });

  it('is found below an issuer whose name ends with a slash', async () => {
    await using standIn = await startStandIn();
    const issuer = `${standIn.url}/`;
    const key = toPublicJwk(await makeSigningKey('RS256', 'first'));
    standIn.replies = {
      [discoveryPath]: { body: { issuer, jwks_uri: `${issuer}jwks` } },
      '/jwks': { body: { keys: [key] } },
    };

    const { keys } = await fetchIssuerKeys(issuer, { fetch, signal: new AbortController().signal, now: Date.now });

    assert.deepEqual(keys, [key]);
  });

  it('counts not where an issuer elsewhere has its keys on this machine', async () => {
    const issuer = 'https://login.example.org';
    const answers: Record<string, unknown> = {
      [`${issuer}${discoveryPath}`]: { issuer, jwks_uri: 'http://127.0.0.1/jwks' },
      'http://127.0.0.1/jwks': { keys: [toPublicJwk(await makeSigningKey('RS256', 'first'))] },
    };
    const how = {
      fetch: async (place: unknown) => Response.json(answers[String(place)]),
      signal: new AbortController().signal,
      now: Date.now,
    };

    await assert.rejects(fetchIssuerKeys(issuer, how), { code: 'answer-invalid' });
  });

  it('tells how far its clock is from ours, and a hub whose clock differs by much says so', async () => {
    await using standIn = await startStandIn();
    const key = toPublicJwk(await makeSigningKey('RS256', 'first'));
    const body = { issuer: standIn.url, jwks_uri: `${standIn.url}/jwks` };
    const told: boolean[] = [];

    for (const date of [3_600_000, 0, -3_600_000, null]) {
      const header = date === null ? 'soon' : new Date(Date.now() + date).toUTCString();
      standIn.replies = { [discoveryPath]: { headers: { date: header }, body }, '/jwks': { body: { keys: [key] } } };
      const warnings: string[] = [];
      const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
      const loops = createLoopBoard(systemClock);
      await using keys = new IssuerKeys({ issuer: standIn.url, fetch, clock: systemClock, loops, logger });
      await keys.find({ alg: 'RS256', kid: 'first' }, { payload: '', signature: '' });
      told.push(warnings.some((warning) => /clocks/.test(warning)));
    }
    const { aheadMs } = await fetchIssuerKeys(standIn.url, {
      fetch,
      signal: new AbortController().signal,
      now: Date.now,
    });

    assert.deepEqual(told, [true, false, true, false]);
    assert.equal(aheadMs, null);
  });

  it('is asked for again sooner where there was none', async () => {
    await using standIn = await startStandIn();
    const loops = createLoopBoard(systemClock);
    await using keys = new IssuerKeys({ issuer: standIn.url, fetch, clock: systemClock, loops, logger: silentLogger });

    const header = { alg: 'RS256', kid: 'first' };
    await assert.rejects(keys.find(header, { payload: '', signature: '' }), { code: 'answer-invalid' });

    const [loop] = loops.list();
    assert.equal(Date.parse(loop?.next ?? '') - Date.parse(loop?.since ?? ''), usualIssuerTimes.retryMs);
  });

  it('is asked for once for many who bring an unknown key, and not again within the pause', async () => {
    await using standIn = await startStandIn();
    const key = toPublicJwk(await makeSigningKey('RS256', 'first'));
    standIn.replies = {
      [discoveryPath]: { body: { issuer: standIn.url, jwks_uri: `${standIn.url}/jwks` } },
      '/jwks': { body: { keys: [key] } },
    };
    let passedMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + passedMs };
    const loops = createLoopBoard(clock);
    await using keys = new IssuerKeys({ issuer: standIn.url, fetch, clock, loops, logger: silentLogger });
    const find = (kid: string) => keys.find({ alg: 'RS256', kid }, { payload: '', signature: '' });
    const questions = () => standIn.asked.filter((path) => path === '/jwks').length;

    const known = await Promise.all([find('first'), find('first')]);
    const first = questions();
    const withinPause = await find('other');
    const stillFirst = questions();
    passedMs += usualIssuerTimes.pauseMs;
    const unknown = await Promise.all(Array.from({ length: 20 }, (_, index) => find(`other ${index}`)));
    const second = questions();
    passedMs += usualIssuerTimes.pauseMs;
    await find('first');

    assert.equal(questions(), second);
    assert.ok(known.every((found) => found !== null));
    assert.equal(withinPause, null);
    assert.ok(unknown.every((found) => found === null));
    assert.deepEqual([first, stillFirst, second], [1, 1, 2]);
    assert.deepEqual(
      loops.list().map(({ name, doing, failures }) => [name, doing, failures]),
      [['issuer', 'waits to ask for the keys again', 0]],
    );
  });

  it('is waited for no longer than the hub lives', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const loops = createLoopBoard(systemClock);
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
    const reasons: unknown[] = [];
    const heard: typeof fetch = async (place, options) => {
      options?.signal?.addEventListener('abort', () => reasons.push(options.signal?.reason.name));
      return fetch(place, options);
    };
    const keys = new IssuerKeys({ issuer: url, fetch: heard, clock: systemClock, loops, logger });

    await keys[Symbol.asyncDispose]();

    assert.deepEqual([loops.list(), reasons, warnings], [[], ['AbortError'], []]);
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
});
