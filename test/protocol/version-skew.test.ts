import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProtocolGap, protocolVersion } from '../../protocol/hello.ts';
import { AttemptReport } from '../../protocol/offer.ts';
import { parse } from '../../protocol/parse.ts';
import { parseAgentFrame, parseHubFrame } from '../../protocol/parse-frame.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { findVersionSkew } from '../../protocol/version-skew.ts';

describe('versions of hub and agent', () => {
  it('are supported one minor release apart, both ways, and within one major release', () => {
    const skews = ['0.5.0', '0.5.9', '0.4.9', '0.6.0-rc.1', '0.3.0', '0.7.1', '1.5.0', '1.0.0'].map((version) => [
      version,
      findVersionSkew('0.5.2', version),
    ]);

    assert.deepEqual(Object.fromEntries(skews), {
      '0.5.0': 'none',
      '0.5.9': 'none',
      '0.4.9': 'supported',
      '0.6.0-rc.1': 'supported',
      '0.3.0': 'behind',
      '0.7.1': 'ahead',
      '1.5.0': 'ahead',
      '1.0.0': 'ahead',
    });
    assert.equal(findVersionSkew('2.0.0', '1.9.0'), 'behind');
    assert.equal(findVersionSkew('0.5.2', 'a private build'), 'none');
  });

  it('need a protocol in common', () => {
    assert.equal(findProtocolGap({ version: '0.2.0', protocols: [protocolVersion, 2] }, 'agent'), null);
    assert.match(
      findProtocolGap({ version: '3.0.0', protocols: [2, 3] }, 'hub') ?? '',
      /hub \(farhand 3\.0\.0\) speaks protocol 2, 3/,
    );
  });
});

describe('what only a later version says', () => {
  it('is an unknown frame, and one of the wrong direction is a mistake', () => {
    assert.deepEqual(parseAgentFrame('{"type":"weather","wind":3}'), { type: 'unknown', name: 'weather' });
    assert.deepEqual(parseHubFrame('{"type":"weather","wind":3}'), { type: 'unknown', name: 'weather' });
    for (const wrong of ['{"type":"accepted"}', '{"type":"log"}', '{"type":""}', '{"wind":3}', '[]'])
      assert.throws(() => parseAgentFrame(wrong), ProtocolError, wrong);
    assert.throws(() => parseHubFrame('{"type":"result","result":{}}'), ProtocolError);
  });

  it('is a word that is read as a known one where it only tells', () => {
    const report = {
      phase: 'phase-of-tomorrow',
      reason: 'reason-of-tomorrow',
      message: null,
      startedAt: null,
      rawBytes: 1,
    };

    const read = parse(AttemptReport, report, 'report');

    assert.deepEqual([read.phase, read.reason], ['accepted', 'failed']);
    assert.throws(() => parse(AttemptReport, { ...report, phase: 7 }, 'report'), ProtocolError);
    assert.throws(() => parse(AttemptReport, { ...report, phase: 'Two words' }, 'report'), ProtocolError);
  });
});
