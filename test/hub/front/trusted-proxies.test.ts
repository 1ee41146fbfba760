import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTrustedProxies, isProxyRange } from '../../../hub/front/trusted-proxies.ts';

it('A proxy is trusted by its address, its network or a word for it, in whatever form the system has the address', () => {
  const trusted = createTrustedProxies(['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', 'loopback']);
  const known = ['192.0.2.7', '::ffff:192.0.2.7', '10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1', '127.0.0.1', '::1'];
  const unknown = ['192.0.2.8', '::ffff:192.0.2.8', '11.0.0.1', '2001:db9::1', '', 'proxy'];

  assert.deepEqual(
    known.filter((address) => !trusted.has(address)),
    [],
  );
  assert.deepEqual(
    unknown.filter((address) => trusted.has(address)),
    [],
  );
});

it('A range of proxies is an address, a network or a word', () => {
  const ranges = ['192.0.2.7', '10.0.0.0/8', '::1/128', 'uniquelocal'];
  const others = ['10.0.0.0/33', '::1/129', '10.0.0.0/8/8', '10.0.0', 'toString', ''];

  assert.deepEqual(
    ranges.filter((range) => !isProxyRange(range)),
    [],
  );
  assert.deepEqual(others.filter(isProxyRange), []);
});
