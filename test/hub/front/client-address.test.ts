import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClientAddress } from '../../../hub/front/client-address.ts';
import { createTrustedProxies, isProxyRange } from '../../../hub/front/trusted-proxies.ts';

function addressOf(
  peer: string,
  headers: Readonly<Record<string, string>>,
  trusted = ['10.0.0.0/8', '2001:db8:f::/48'],
) {
  return createClientAddress(createTrustedProxies(trusted))(peer, (name) => headers[name]);
}

describe('the address of a client', () => {
  it('is that of the peer, whatever the headers of one who is not trusted say', () => {
    const spoofed = { 'x-forwarded-for': '198.51.100.9', forwarded: 'for=198.51.100.9' };

    assert.equal(addressOf('203.0.113.7', spoofed), '203.0.113.7');
    assert.equal(addressOf('203.0.113.7', spoofed, []), '203.0.113.7');
    assert.equal(addressOf('10.0.0.1', spoofed, []), '10.0.0.1');
    assert.equal(addressOf('', spoofed), '');
  });

  it('is the last one before the trusted proxies: what stands before that was written by him', () => {
    assert.equal(addressOf('10.0.0.1', { 'x-forwarded-for': '203.0.113.7' }), '203.0.113.7');
    assert.equal(addressOf('10.0.0.1', { 'x-forwarded-for': '198.51.100.9, 203.0.113.7, 10.0.0.2' }), '203.0.113.7');
    assert.equal(addressOf('::ffff:10.0.0.1', { 'x-forwarded-for': '::ffff:203.0.113.7' }), '203.0.113.7');
    assert.equal(addressOf('10.0.0.1', { 'x-forwarded-for': '10.0.0.3,10.0.0.2' }), '10.0.0.3');
    assert.equal(addressOf('10.0.0.1', {}), '10.0.0.1');
  });

  it('may come with a port, and as IPv6', () => {
    assert.equal(addressOf('10.0.0.1', { 'x-forwarded-for': '203.0.113.7:4711' }), '203.0.113.7');
    assert.equal(addressOf('2001:db8:f::1', { 'x-forwarded-for': '[2001:db8::7]:4711' }), '2001:db8::7');
    assert.equal(addressOf('2001:db8:f::1', { 'x-forwarded-for': '2001:db8::7' }), '2001:db8::7');
  });

  it('is read from Forwarded where nobody wrote the other header', () => {
    const forwarded = 'for=198.51.100.9, For="[2001:db8::7]:4711";proto=https;by=203.0.113.43, for=10.0.0.2';

    assert.equal(addressOf('10.0.0.1', { forwarded }), '2001:db8::7');
    assert.equal(addressOf('10.0.0.1', { forwarded: 'proto=https;for=203.0.113.7' }), '203.0.113.7');
    assert.equal(addressOf('10.0.0.1', { forwarded: 'for="203.0.113.7";ext="a, for=198.51.100.9"' }), '203.0.113.7');
    assert.equal(addressOf('10.0.0.1', { forwarded, 'x-forwarded-for': '203.0.113.7' }), '203.0.113.7');
  });

  it('is that of the proxy where the one before it is not told, or not in a form that anybody knows', () => {
    for (const text of ['unknown', '', 'localhost', '999.1.1.1', '203.0.113.7.', '203.0.113.7 8', '[203.0.113.7', '_a'])
      assert.equal(addressOf('10.0.0.1', { 'x-forwarded-for': `198.51.100.9,${text}` }), '10.0.0.1', text);
    for (const text of ['proto=https', 'for=unknown', 'for=_hidden', 'by=203.0.113.7', 'for=', '"'])
      assert.equal(addressOf('10.0.0.1', { forwarded: `for=198.51.100.9,${text}` }), '10.0.0.1', text);
  });
});

describe('trusted proxies', () => {
  it('are addresses, networks and the usual words', () => {
    const trusted = createTrustedProxies(['loopback', 'uniquelocal', '192.0.2.1', '2001:db8::/32']);

    for (const address of [
      '127.8.8.8',
      '::1',
      '::ffff:127.0.0.1',
      '172.31.255.255',
      'fd00::1',
      '192.0.2.1',
      '2001:db8:9::1',
    ])
      assert.equal(trusted.has(address), true, address);
    for (const address of ['128.0.0.1', '172.32.0.1', '192.0.2.2', '2001:db9::1', '', 'localhost', 'fe80::1%eth0'])
      assert.equal(trusted.has(address), false, address);
  });

  it('are told from what is neither', () => {
    for (const text of ['10.0.0.0/8', '::/0', '192.0.2.1', 'fe80::/10', 'loopback', 'linklocal']) {
      assert.equal(isProxyRange(text), true, text);
    }
    for (const text of [
      '',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '::1/129',
      'localhost',
      'constructor',
      '10.0.0/8',
    ])
      assert.equal(isProxyRange(text), false, text);
  });
});
