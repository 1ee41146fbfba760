import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { continueTrace, parseTraceparent, toSpanId, toTraceId, toTraceparent } from '../../protocol/trace-context.ts';
import { parseTracestate } from '../../protocol/tracestate.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const given = `00-${traceId}-${parentId}-01`;

describe('a traceparent', () => {
  it('is read and written back', () => {
    assert.deepEqual(parseTraceparent(given), { traceId, parentId, flags: 1 });
    assert.equal(toTraceparent({ traceId, parentId, flags: 1 }), given);
  });

  it('keeps the flags that have a meaning, and no others', () => {
    assert.equal(parseTraceparent(`00-${traceId}-${parentId}-ff`)?.flags, 3);
    assert.equal(parseTraceparent(`00-${traceId}-${parentId}-00`)?.flags, 0);
  });

  it('of a version to come is read as far as it is known, and goes on as one of version 00', () => {
    assert.deepEqual(parseTraceparent(`cc-${traceId}-${parentId}-01-what-will-be`), { traceId, parentId, flags: 1 });
    assert.equal(continueTrace(`cc-${traceId}-${parentId}-01`, `0-0-${parentId}`), given);
  });

  for (const [why, text] of [
    ['nothing', ''],
    ['no text', undefined],
    ['more than one header', `${given}, ${given}`],
    ['a list of headers', [given]],
    ['upper case', given.toUpperCase()],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['a parent of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${traceId}-${parentId}-01`],
    ['version 00 with more behind it', `${given}-more`],
    ['a version to come with something else than a dash behind it', `cc-${traceId}-${parentId}-01.more`],
    ['a short trace', `00-${traceId.slice(1)}-${parentId}-01`],
    ['spaces', ` ${given}`],
  ] as const) {
    it(`is none: ${why}`, () => {
      assert.equal(parseTraceparent(text), null);
    });
  }

  it('goes on below the span of an attempt, which is the end of its id', () => {
    const attempt = '0196f0c0-7a54-7b9e-8d2f-3f0b8f6f0001';

    assert.equal(toSpanId(attempt), '8d2f3f0b8f6f0001');
    assert.equal(continueTrace(given, attempt), `00-${traceId}-8d2f3f0b8f6f0001-01`);
    assert.equal(continueTrace(null, attempt), null);
    assert.equal(toTraceId(given), traceId);
    assert.equal(toTraceId(null), null);
  });
});

describe('a tracestate', () => {
  it('is passed on as it is, without the space around its members', () => {
    assert.equal(
      parseTracestate('congo=t61rcWkgMzE, rojo=00f067aa0ba902b7'),
      'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
    );
    assert.equal(parseTracestate('fw529a3039@dt=FfffffA;1,,x=a b'), 'fw529a3039@dt=FfffffA;1,x=a b');
  });

  for (const [why, text] of [
    ['nothing', ''],
    ['no text', undefined],
    ['a member without a value', 'congo'],
    ['an empty value', 'congo='],
    ['an empty key', '=x'],
    ['upper case in a key', 'Congo=x'],
    ['a key twice', 'a=1,b=2,a=3'],
    ['a second "="', 'a=1=2'],
    ['a line feed', 'a=1\nb'],
    ['33 members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
    ['more than 512 characters', `a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=${'x'.repeat(20)}`],
  ] as const) {
    it(`is dropped: ${why}`, () => {
      assert.equal(parseTracestate(text), null);
    });
  }
});
