import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  byteCount,
  decimalNumber,
  listenAddress,
  oneOf,
  url,
  wholeNumber,
  yesOrNo,
} from '../../../runtime/configuration/formats.ts';
import { isLoopback } from '../../../runtime/configuration/loopback.ts';

describe('formats of the configuration', () => {
  it('listenAddress takes names, addresses and bracketed IPv6, and ports up to 65535', () => {
    assert.deepEqual(listenAddress.fromText('0.0.0.0:7400'), { host: '0.0.0.0', port: 7400 });
    assert.deepEqual(listenAddress.fromText('localhost:0'), { host: 'localhost', port: 0 });
    assert.deepEqual(listenAddress.fromText('[fe80::1]:65535'), { host: 'fe80::1', port: 65_535 });
    for (const wrong of ['7400', ':7400', 'a:65536', 'a:', '::1:5', 'a:7400/x', 'a b:1'])
      assert.equal(listenAddress.fromText(wrong), undefined, wrong);
  });

  it('byteCount takes powers of 1024', () => {
    assert.equal(byteCount.fromText('0'), 0);
    assert.equal(byteCount.fromText('512M'), 512 * 1024 ** 2);
    assert.equal(byteCount.fromText('20GiB'), 20 * 1024 ** 3);
    assert.equal(byteCount.fromText('1kb'), 1024);
    for (const wrong of ['-1', '1.5G', 'many', '1X', '999999999999999T'])
      assert.equal(byteCount.fromText(wrong), undefined, wrong);
  });

  it('wholeNumber takes no half numbers and nothing out of bounds', () => {
    const format = wholeNumber({ from: 1, to: 10 });

    assert.equal(format.fromText('10'), 10);
    for (const wrong of ['0', '11', '1.5', '12abc', '', ' 1', '1e1'])
      assert.equal(format.fromText(wrong), undefined, wrong);
  });

  it('decimalNumber takes parts, and nothing out of bounds', () => {
    const format = decimalNumber({ from: 0.001, to: 10 });

    assert.equal(format.fromText('0.001'), 0.001);
    assert.equal(format.fromText('10'), 10);
    for (const wrong of ['0', '0.0009', '10.1', '.5', '1.', '1e1', '-1', ''])
      assert.equal(format.fromText(wrong), undefined, wrong);
  });

  it('url takes only its schemes, and nothing that could hold a secret', () => {
    const format = url(['ws', 'wss']);

    assert.equal(format.fromText('wss://hub.example.org/base')?.hostname, 'hub.example.org');
    for (const wrong of ['http://a', 'hub.example.org', 'ws://', 'ws://user@a', 'ws://a?x=1', 'ws://a#b']) {
      assert.equal(format.fromText(wrong), undefined, wrong);
    }
  });

  it('oneOf and yesOrNo take what they name', () => {
    assert.equal(oneOf('leave', 'cancel').fromText('cancel'), 'cancel');
    assert.equal(oneOf('leave', 'cancel').fromText('Cancel'), undefined);
    assert.equal(yesOrNo.fromText('Yes'), true);
    assert.equal(yesOrNo.fromText('0'), false);
    assert.equal(yesOrNo.fromText('maybe'), undefined);
  });

  it('knows which hosts are this machine', () => {
    for (const here of ['127.0.0.1', '127.8.9.10', 'localhost', 'a.localhost', '::1', '[::1]'])
      assert.ok(isLoopback(here), here);
    for (const elsewhere of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example.org', '127.0.0.1.example.org'])
      assert.ok(!isLoopback(elsewhere), elsewhere);
  });
});
