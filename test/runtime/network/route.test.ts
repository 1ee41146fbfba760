import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toDestination } from '../../../runtime/network/destination.ts';
import { parseProxy } from '../../../runtime/network/proxy.ts';
import { toProxySecrets } from '../../../runtime/network/proxy-secrets.ts';
import { chooseRoute, type ProxyChoice, type Route } from '../../../runtime/network/route.ts';

const hub = toDestination(new URL('wss://hub.example.org'), ['http/1.1']);
const plainHub = toDestination(new URL('ws://hub.example.org'), []);
const here = toDestination(new URL('wss://localhost:7400'), ['http/1.1']);

function route(environment: Readonly<Record<string, string>>, destination = hub, choice: ProxyChoice | null = null) {
  return chooseRoute({ choice, environment }, destination);
}

/** The proxy and where it is from, or the reason for none. */
function words(taken: Route): string {
  switch (taken.type) {
    case 'direct':
      return `direct: ${taken.why}`;
    case 'proxy':
      return `${taken.from} ${taken.proxy.shown}`;
    case 'unusable':
      return `unusable: ${taken.from}`;
  }
}

describe('the way to a destination', () => {
  const rows: readonly (readonly [string, Route, string])[] = [
    ['no variable', route({}), 'direct: no variable names a proxy'],
    ['capitals', route({ HTTPS_PROXY: 'http://p:1' }), 'HTTPS_PROXY http://p:1'],
    ['small letters first', route({ HTTPS_PROXY: 'http://p:1', https_proxy: 'http://q:2' }), 'https_proxy http://q:2'],
    ['an empty one is not set', route({ https_proxy: '', HTTPS_PROXY: 'p:1' }), 'HTTPS_PROXY http://p:1'],
    ['TLS does not go by HTTP_PROXY', route({ HTTP_PROXY: 'http://p:1' }), 'direct: no variable names a proxy'],
    ['plaintext goes by HTTP_PROXY', route({ HTTP_PROXY: 'http://p:1' }, plainHub), 'HTTP_PROXY http://p:1'],
    [
      'plaintext does not go by HTTPS_PROXY',
      route({ HTTPS_PROXY: 'p' }, plainHub),
      'direct: no variable names a proxy',
    ],
    ['ALL_PROXY for both', route({ ALL_PROXY: 'http://p:1' }, plainHub), 'ALL_PROXY http://p:1'],
    ['the special one first', route({ all_proxy: 'p:1', HTTPS_PROXY: 'q:2' }), 'HTTPS_PROXY http://q:2'],
    ['the usual port', route({ HTTPS_PROXY: 'http://p' }), 'HTTPS_PROXY http://p:80'],
    ['a proxy over TLS', route({ HTTPS_PROXY: 'https://p' }), 'HTTPS_PROXY https://p:443'],
    ['an IPv6 proxy', route({ HTTPS_PROXY: 'http://[::1]:3128' }), 'HTTPS_PROXY http://[::1]:3128'],
    ['NO_PROXY', route({ HTTPS_PROXY: 'p', no_proxy: '.example.org' }), 'direct: no_proxy names hub.example.org'],
    ['another NO_PROXY', route({ HTTPS_PROXY: 'p:1', NO_PROXY: '.example.com' }), 'HTTPS_PROXY http://p:1'],
    [
      'this machine',
      route({ HTTPS_PROXY: 'p' }, here),
      'direct: localhost is this machine, so HTTPS_PROXY is not used',
    ],
    ['a SOCKS proxy', route({ ALL_PROXY: 'socks5://p:1080' }), 'unusable: ALL_PROXY'],
    ['no URL', route({ HTTPS_PROXY: 'http://' }), 'unusable: HTTPS_PROXY'],
    ['a path', route({ HTTPS_PROXY: 'http://p:1/proxy.pac' }), 'unusable: HTTPS_PROXY'],
    ['a broken encoding', route({ HTTPS_PROXY: 'http://u:100%@p:1' }), 'unusable: HTTPS_PROXY'],
    [
      'the configuration says none',
      route({ HTTPS_PROXY: 'p' }, hub, { type: 'none' }),
      'direct: FARHAND_PROXY is none',
    ],
  ];
  for (const [what, taken, expected] of rows) {
    it(`${what}: ${expected}`, () => {
      assert.equal(words(taken), expected);
    });
  }

  it('is that of the configuration before everything else, also to this machine', () => {
    const proxy = parseProxy('http://configured:3128');
    assert.ok(proxy !== null);

    const taken = route({ HTTPS_PROXY: 'p', NO_PROXY: '*' }, here, { type: 'proxy', proxy });

    assert.equal(words(taken), 'FARHAND_PROXY http://configured:3128');
  });
});

describe('a proxy', () => {
  it('is logged in to with what the URL means, not with how it is written', () => {
    const proxy = parseProxy('http://j%40ne:p%3A%2F%C3%BC@proxy:3128');

    assert.equal(proxy?.authorization, `Basic ${Buffer.from('j@ne:p:/ü').toString('base64')}`);
    assert.equal(proxy?.shown, 'http://proxy:3128');
  });

  it('needs no password', () => {
    assert.equal(parseProxy('http://token@proxy')?.authorization, `Basic ${Buffer.from('token:').toString('base64')}`);
    assert.equal(parseProxy('http://proxy')?.authorization, null);
  });

  it('has a secret in its URL where there is a password, as written and as meant', () => {
    assert.deepEqual(toProxySecrets('http://jane:p%40ss@proxy:3128'), ['p%40ss', 'p@ss']);
    assert.deepEqual(toProxySecrets('http://jane:100%@proxy:3128'), ['100%']);
    assert.deepEqual(toProxySecrets('http://proxy:3128'), []);
  });
});
