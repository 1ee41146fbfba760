import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LineSplitter, maxLineBytes } from '../../../agent/job-log/line-splitter.ts';
import type { StreamLine } from '../../../agent/job-log/stream-line.ts';

function split(pieces: readonly Uint8Array[], offset = 0): readonly StreamLine[] {
  const splitter = new LineSplitter(offset);
  const lines = pieces.flatMap((bytes, index) => {
    // Whoever reads the stream may fill the same buffer again.
    const buffer = Uint8Array.from(bytes);
    const taken = splitter
      .push({ bytes: buffer, at: index })
      .map((line) => ({ ...line, content: Uint8Array.from(line.content) }));
    buffer.fill(0);
    return taken;
  });
  return [...lines, ...splitter.end()];
}

function shown(lines: readonly StreamLine[]) {
  return lines.map(({ offset, bytes, content, partial }) => [offset, bytes, Buffer.from(content).toString(), partial]);
}

describe('lines of a stream', () => {
  it('are told with their places, whatever pieces they come in', () => {
    const text = Buffer.from('one\n\ntwo\r\nlast');
    const expected = [
      [0, 4, 'one', false],
      [4, 1, '', false],
      [5, 5, 'two', false],
      [10, 4, 'last', false],
    ];

    assert.deepEqual(shown(split([text])), expected);
    assert.deepEqual(shown(split([...text].map((byte) => Uint8Array.of(byte)))), expected);
  });

  it('have the time of their first byte', () => {
    const lines = split(['a', 'b\nc', 'd\n'].map((text) => Buffer.from(text)));

    assert.deepEqual(
      lines.map(({ at }) => at),
      [0, 1],
    );
  });

  it('are held back until they end, and told at the end of the stream', () => {
    const splitter = new LineSplitter(100);

    assert.deepEqual(splitter.push({ bytes: Buffer.from('Password: '), at: 0 }), []);
    assert.equal(splitter.offset, 100);
    assert.deepEqual(shown(splitter.end()), [[100, 10, 'Password: ', false]]);
    assert.equal(splitter.offset, 110);
    assert.deepEqual(splitter.end(), []);
  });

  it('that are too long come in pieces that cut no character', () => {
    const text = `${'x'.repeat(maxLineBytes - 1)}ä${'y'.repeat(maxLineBytes)}`;

    const lines = split([Buffer.from(`${text}\n`)]);

    assert.deepEqual(
      lines.map(({ partial }) => partial),
      [true, true, false],
    );
    assert.equal(lines.map(({ content }) => Buffer.from(content).toString()).join(''), text);
    assert.ok(lines.every(({ content }) => content.length <= maxLineBytes));
  });

  it('of exactly the bound are one piece', () => {
    const lines = split([Buffer.from(`${'x'.repeat(maxLineBytes)}\nnext\n`)]);

    assert.deepEqual(
      lines.map(({ content, partial }) => [content.length, partial]),
      [
        [maxLineBytes, false],
        [4, false],
      ],
    );
  });

  it('of any bytes cover all of them, once, and do not depend on how they came', () => {
    const byte = fc.oneof(fc.constantFrom(10, 13, 0x61, 0xc3, 0xa4, 0xff), fc.integer({ min: 0, max: 255 }));
    const long = fc.tuple(
      fc.integer({ min: maxLineBytes - 3, max: 3 * maxLineBytes }),
      fc.array(byte, { maxLength: 9 }),
    );
    const text = fc.oneof(
      fc.array(byte, { maxLength: 200 }),
      long.map(([length, end]) => [...Array.from({ length }, (_, index) => (index % 3 === 0 ? 0xc3 : 0xa4)), ...end]),
    );
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 30_000 }), { maxLength: 5 }), (given, cuts) => {
        const bytes = Uint8Array.from(given);
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index] ?? 0, end));

        const lines = split(pieces);

        let next = 0;
        for (const line of lines) {
          assert.equal(line.offset, next);
          const taken = bytes.subarray(line.offset, line.offset + line.bytes);
          assert.deepEqual(Buffer.from(line.content), Buffer.from(taken.subarray(0, line.content.length)));
          const end = Buffer.from(taken.subarray(line.content.length)).toString('latin1');
          assert.ok(line.partial ? end === '' : ['', '\n', '\r\n'].includes(end), JSON.stringify(end));
          assert.equal(line.content.includes(10), false);
          next += line.bytes;
        }
        assert.equal(next, bytes.length);
        assert.deepEqual(shown(lines), shown(split([bytes])));
      }),
      { numRuns: 300 },
    );
  });
});
