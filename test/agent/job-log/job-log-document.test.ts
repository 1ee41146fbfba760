import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createJobLogDocuments, maxDocumentBytes } from '../../../agent/job-log/job-log-document.ts';
import { LineSplitter, maxLineBytes } from '../../../agent/job-log/line-splitter.ts';
import type { AttemptResult } from '../../../protocol/attempt-result.ts';
import { linesOf, parseJobLog } from '../../support/job-log-lines.ts';

const subject = {
  job: '0196f0c0-7a54-7b9e-8d2f-3f0b8f6f0001',
  attempt: '0196f0c0-7a54-7b9e-8d2f-3f0b8f6f0002',
  number: 1,
  automation: 'greet',
  agent: 'a1',
  account: 'default',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};
const at = Date.parse('2030-01-01T12:00:00.000Z');

function write(bytes: Uint8Array): string {
  const splitter = new LineSplitter(0);
  const documents = createJobLogDocuments(subject);
  return [...splitter.push({ bytes, at }), ...splitter.end()].map((line) => documents.line(line)).join('');
}

describe('documents of a job log', () => {
  it('say whose line it is, where and when', () => {
    const [entry] = parseJobLog(write(Buffer.from('hello\n')));

    assert.deepEqual(entry, {
      time: '2030-01-01T12:00:00.000Z',
      process: 'job',
      type: 'line',
      ...subject,
      offset: 0,
      bytes: 6,
      message: 'hello',
    });
  });

  it('leave out what is not known', () => {
    const documents = createJobLogDocuments({ ...subject, number: null, account: null, traceId: null });

    const [entry] = parseJobLog(
      documents.line({ offset: 0, bytes: 1, at, content: new Uint8Array(0), partial: false }),
    );

    assert.deepEqual(Object.keys(entry ?? {}), [
      'time',
      'process',
      'type',
      'job',
      'attempt',
      'automation',
      'agent',
      'offset',
      'bytes',
      'message',
    ]);
  });

  it('say of bytes that are no UTF-8 that they were replaced', () => {
    const entries = parseJobLog(write(Buffer.from([0x61, 0xff, 0x0a, 0xc3, 0xa4, 0x0a])));

    assert.deepEqual(
      entries.map(({ message, invalidUtf8, bytes }) => [message, invalidUtf8, bytes]),
      [
        ['a\ufffd', true, 3],
        ['ä', undefined, 3],
      ],
    );
  });

  it('are never longer than container runtimes leave whole, and together say all of the line', () => {
    const worst = new Uint8Array(maxLineBytes).fill(1);
    const documents = write(Buffer.from([...worst, 0x0a, 0x6e, 0x0a]));

    const entries = parseJobLog(documents);

    assert.ok(documents.split('\n').every((line) => Buffer.byteLength(line) < maxDocumentBytes));
    assert.equal(entries.map(({ message }) => message).join(''), `${'\u0001'.repeat(maxLineBytes)}n`);
    assert.deepEqual(linesOf(entries, subject.attempt).length, entries.length);
    assert.deepEqual(
      entries.map(({ partial }) => partial ?? false),
      [...entries.slice(2).map(() => true), false, false],
    );
  });

  it('of any bytes are JSON, short enough, and without a hole', () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string(),
      fc.constantFrom('\u0000', '"\\', '\u2028', '\n'),
    );
    const text = fc.array(fc.tuple(part, fc.integer({ min: 1, max: 2000 })), { maxLength: 6 });
    fc.assert(
      fc.property(text, fc.uint8Array({ maxLength: 50 }), (parts, rest) => {
        const bytes = Buffer.concat([Buffer.from(parts.map(([some, times]) => some.repeat(times)).join('')), rest]);

        const written = write(bytes);

        const entries = parseJobLog(written);
        const lines = linesOf(entries, subject.attempt);
        assert.equal(lines.length, entries.length);
        assert.equal(
          lines.reduce((sum, line) => sum + line.bytes, 0),
          bytes.length,
        );
        assert.ok(written.split('\n').every((line) => Buffer.byteLength(line) < maxDocumentBytes));
        if (entries.every(({ invalidUtf8 }) => invalidUtf8 === undefined)) {
          const said = lines.map(({ message, partial }) => message + (partial === true ? '' : '\n')).join('');
          assert.equal(said.replace(/\n$/, ''), bytes.toString().replaceAll('\r\n', '\n').replace(/\n$/, ''));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('end with how it ended, in order of time behind the last line', () => {
    const documents = createJobLogDocuments(subject);
    const result: AttemptResult = {
      outcome: 'failed',
      cause: 'exit-code',
      message: 'the program ended with exit status 3',
      started: true,
      exitCode: 3,
      signal: null,
      outputs: { secret: 'not here' },
      log: { bytes: 6, sha256: 'ab'.repeat(32), complete: true, gaps: [], trailing: 0 },
      escaped: 0,
      startedAt: '2030-01-01T11:59:58.000Z',
      endedAt: '2030-01-01T11:59:59.000Z',
      usage: null,
    };

    const alone = parseJobLog(documents.end(result));
    documents.line({ offset: 0, bytes: 6, at, content: Buffer.from('hello'), partial: false });
    const behind = parseJobLog(documents.end(result));

    assert.deepEqual(alone[0], {
      time: '2030-01-01T11:59:59.000Z',
      process: 'job',
      type: 'end',
      ...subject,
      outcome: 'failed',
      cause: 'exit-code',
      started: true,
      exitCode: 3,
      signal: null,
      startedAt: '2030-01-01T11:59:58.000Z',
      endedAt: '2030-01-01T11:59:59.000Z',
      bytes: 6,
      sha256: 'ab'.repeat(32),
      complete: true,
      message: 'the program ended with exit status 3',
    });
    assert.equal(behind[0]?.time, '2030-01-01T12:00:00.000Z');
  });
});
