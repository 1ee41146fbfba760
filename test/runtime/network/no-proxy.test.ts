import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isExempt } from '../../../runtime/network/no-proxy.ts';

describe('NO_PROXY', () => {
  const rows: readonly (readonly [list: string, host: string, port: number, isExempt: boolean])[] = [
    ['*', 'hub.example.org', 443, true],
    ['example.org', 'example.org', 443, true],
    ['example.org', 'hub.example.org', 443, true],
    ['example.org', 'badexample.org', 443, false],
    ['.example.org', 'hub.example.org', 443, true],
    ['.example.org', 'example.org', 443, true],
    ['*.example.org', 'hub.example.org', 443, true],
    ['*.example.org', 'hub.example.com', 443, false],
    ['EXAMPLE.org', 'Hub.Example.ORG', 443, true],
    ['example.org.', 'hub.example.org', 443, true],
    ['example.org', 'hub.example.org.', 443, true],
    ['hub.example.org:8443', 'hub.example.org', 8443, true],
    ['hub.example.org:8443', 'hub.example.org', 443, false],
    ['.example.org:8443', 'hub.example.org', 8443, true],
    ['*:8443', 'hub.example.org', 8443, true],
    ['*:8443', 'hub.example.org', 443, false],
    ['10.1.2.3', '10.1.2.3', 443, true],
    ['10.1.2.3', '10.1.2.30', 443, false],
    ['10.1.2.3:8443', '10.1.2.3', 443, false],
    ['10.0.0.0/8', '10.255.1.2', 443, true],
    ['10.0.0.0/8', '11.0.0.1', 443, false],
    ['10.0.0.0/8', 'ten.example.org', 443, false],
    ['0.0.0.0/0', '203.0.113.1', 443, true],
    ['10.0.0.0/33', '10.0.0.1', 443, false],
    ['10.0.0.0/', '10.0.0.0', 443, false],
    ['2001:db8::/32', '2001:db8:1::7', 443, true],
    ['2001:db8::/32', '2001:db9::7', 443, false],
    ['[2001:db8::7]', '2001:db8::7', 443, true],
    ['2001:db8::7', '2001:db8:0:0::7', 443, true],
    ['[2001:db8::7]:8443', '2001:db8::7', 8443, true],
    ['[2001:db8::7]:8443', '2001:db8::7', 443, false],
    ['10.0.0.0/8', '2001:db8::7', 443, false],
    ['localhost, .svc ,10.0.0.0/8', 'hub.farhand.svc', 443, true],
    ['localhost .svc', 'hub.farhand.svc', 443, true],
    ['', 'hub.example.org', 443, false],
    [',, .', 'hub.example.org', 443, false],
    ['[', 'hub.example.org', 443, false],
    ['http://hub.example.org', 'hub.example.org', 443, false],
  ];
  for (const [list, host, port, expected] of rows) {
    it(`${JSON.stringify(list)} ${expected ? 'means' : 'does not mean'} ${host}:${port}`, () => {
      assert.equal(isExempt({ host, port }, list), expected);
    });
  }
});
