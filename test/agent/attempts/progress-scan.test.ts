import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ProgressText, parseLogLine, parseProgressLine } from '../../../agent/attempts/parse-progress.ts';
import { ProgressScan } from '../../../agent/attempts/progress-scan.ts';

test('However a log is cut into pieces, its newest line of progress is the one that a reader of whole lines finds', () => {
  const word = fc.constantFrom(
    '::progress ',
    '::progress',
    '4',
    '40',
    '%',
    '::',
    'é',
    'copying',
    '\n',
    '\n',
    'x ',
    '\n::',
  );
  const property = fc.property(
    fc.array(word, { maxLength: 60 }),
    fc.array(fc.nat(9), { maxLength: 60 }),
    (words, cuts) => {
      const log = Buffer.from(words.join(''));
      const scan = new ProgressScan();
      let newest: ProgressText | null = null;
      let at = 0;
      for (const length of [...cuts, log.length]) {
        // A piece may come again, and overlap the one before.
        const from = Math.max(0, at - 2);
        const piece = log.subarray(from, at + length);
        newest = scan.feed(from, piece) ?? newest;
        at = Math.min(log.length, at + length);
      }

      const lines = log.toString().split('\n').slice(0, -1);
      assert.deepEqual(newest, lines.map(parseLogLine).findLast((found) => found !== null) ?? null);
    },
  );

  fc.assert(property, { numRuns: 2000 });
});

test('A line of progress is found behind much else, and a line without an end costs nothing', () => {
  const scan = new ProgressScan();
  const piece = Buffer.alloc(256 * 1024, 'x');

  assert.equal(scan.feed(0, Buffer.from('::progress 10::')), null);
  let offset = 15;
  for (let count = 0; count < 400; count += 1, offset += piece.length) assert.equal(scan.feed(offset, piece), null);
  const more = Buffer.from('\n::progress 20::a\n');
  assert.deepEqual(scan.feed(offset, more), { percent: 20, message: 'a', outputs: null });

  const elsewhere = offset + 1_000_000;
  assert.equal(scan.feed(elsewhere, Buffer.from('::progress 30::half a line, perhaps\n')), null);
  assert.equal(scan.feed(elsewhere + 36, Buffer.from('::progress 40::b\n'))?.percent, 40);
});

const said: readonly [string, ProgressText | null][] = [
  ['::progress 40::copying files', { percent: 40, message: 'copying files', outputs: null }],
  ['::progress percent=40::copying', { percent: 40, message: 'copying', outputs: null }],
  ['::progress 99.5%::\r', { percent: 99.5, message: null, outputs: null }],
  ['::progress::copying: a::b', { percent: null, message: 'copying: a::b', outputs: null }],
  ['::progress 101::too far', null],
  ['::progress::', null],
  ['::progress -1::back', null],
  [' ::progress 40::not at the beginning', null],
  ['::progressive 40::another word', null],
];

for (const [line, expected] of said) {
  test(`A log's line ${JSON.stringify(line)} says ${expected === null ? 'nothing' : JSON.stringify(expected)}`, () => {
    assert.deepEqual(parseLogLine(line), expected);
  });
}

const written: readonly [string, ProgressText | null][] = [
  [
    '{"percent": 40, "message": "copying", "outputs": {"n": 1}}',
    { percent: 40, message: 'copying', outputs: { n: 1 } },
  ],
  ['{"message": "copying", "other": 1}', { percent: null, message: 'copying', outputs: null }],
  ['40 copying files', { percent: 40, message: 'copying files', outputs: null }],
  ['40%', { percent: 40, message: null, outputs: null }],
  ['{"percent": 140}', null],
  ['{"percent": "40"}', null],
  ['{"percent": 40', null],
  ['{}', null],
  ['{"outputs": [1]}', null],
  ['{"outputs": {"__proto__": 1}}', null],
  ['copying files', null],
  ['4000 files', null],
];

for (const [line, expected] of written) {
  test(`A line ${JSON.stringify(line)} of the file says ${expected === null ? 'nothing' : JSON.stringify(expected)}`, () => {
    assert.deepEqual(parseProgressLine(line), expected);
  });
}
