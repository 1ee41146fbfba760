import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { padToWidth, toDisplayWidth, truncatePainted, truncateToWidth } from '../../cli/display-width.ts';
import { toJobTable } from '../../cli/job-table.ts';
import { createOutput, type Output } from '../../cli/output.ts';
import { toTableLines } from '../../cli/table.ts';
import { sampleJob } from '../support/sample-job.ts';

function terminal(columns: number, environment: Readonly<Record<string, string>> = { NO_COLOR: '1' }): Output {
  return createOutput(Object.assign(new PassThrough(), { isTTY: true, columns, rows: 20 }), environment);
}

const pipe = createOutput(new PassThrough(), {});

describe('a terminal that nobody gave a size', () => {
  it('has nothing cut', () => {
    const lines = toTableLines(terminal(0), { head: ['ID', 'WHAT'], rows: [['1', 'x'.repeat(300)]] });

    assert.equal(lines[1], `1   ${'x'.repeat(300)}`);
  });
});

describe('the width of text on a terminal', () => {
  for (const [text, width] of [
    ['', 0],
    ['plain', 5],
    ['über', 4],
    ['u\u0308ber', 4],
    ['日本語', 6],
    ['한국어', 6],
    ['ｆｕｌｌ', 8],
    ['🚀', 2],
    ['👩‍👩‍👧‍👦', 2],
    ['🇧🇪🇳🇱', 4],
    ['❤️', 2],
    ['e\u200Bx', 2],
    ['→ ok', 4],
  ] as const) {
    it(`of ${JSON.stringify(text)} is ${width}`, () => {
      assert.equal(toDisplayWidth(text), width);
    });
  }

  it('cuts between characters, never within one, and says so', () => {
    assert.equal(truncateToWidth('日本語です', 6), '日本…');
    assert.equal(toDisplayWidth(truncateToWidth('日本語です', 6)) <= 6, true);
    assert.equal(truncateToWidth('a👩‍👩‍👧‍👦b👩‍👩‍👧‍👦', 4), 'a👩‍👩‍👧‍👦…');
    assert.equal(truncateToWidth('fits', 4), 'fits');
    assert.equal(toDisplayWidth(padToWidth('日本', 6)), 6);
  });
});

describe('a line with colours', () => {
  for (const [line, width, cut] of [
    ['\u001B[31mred\u001B[39m and more', 8, '\u001B[31mred\u001B[39m and…'],
    ['\u001B[31mred\u001B[39m and more', 2, '\u001B[31mr…\u001B[39m'],
    ['\u001B[31mred\u001B[39m!', 3, '\u001B[31mre…\u001B[39m'],
    ['a\u001B[1m日本\u001B[22mb', 4, 'a\u001B[1m日…\u001B[22m'],
    ['\u001B[31mred\u001B[39m', 3, '\u001B[31mred\u001B[39m'],
    ['plain', 4, 'pla…'],
  ] as const) {
    it(`is ${JSON.stringify(cut)} in ${width} columns`, () => {
      assert.equal(truncatePainted(line, width), cut);
    });
  }
});

describe('a table', () => {
  const head = ['NAME', 'STATE', 'DESCRIPTION'];
  const rows = [
    ['deploy-🚀', 'ok', 'brings it out'],
    ['日本語', 'offline', 'says what it does at such length that no terminal is wide enough for all of it'],
    ['x', 'ok', 'bell \u0007 and \u001B[31mred\u001B[0m'],
  ];

  it('has its columns below each other, whatever characters are in them', () => {
    const lines = toTableLines(terminal(200), { head, rows });

    const columns = lines.map((line) => toDisplayWidth(line.slice(0, line.search(/STATE|ok|offline/))));
    assert.deepEqual(columns, [11, 11, 11, 11]);
  });

  it('is no wider than the terminal; what is cut ends in …, and the first column never is', () => {
    for (const columns of [80, 50, 40]) {
      const lines = toTableLines(terminal(columns), { head, rows });

      for (const line of lines) assert.ok(toDisplayWidth(line) <= columns, `${columns}: ${line}`);
      assert.match(lines.join('\n'), /…/);
      assert.match(lines.join('\n'), /deploy-🚀/);
    }
  });

  it('of jobs has room on a terminal of 80 columns', () => {
    const id = '01a22a58-673d-712f-8ca8-cc9d610c8e22';
    const progress = { percent: 41, message: 'step 25', outputs: null };
    const job = sampleJob({ id, state: 'cancelled', automation: 'deploy-shop', agent: 'web-1', progress });
    const output = terminal(80);

    const lines = toTableLines(output, toJobTable(output, [job], Date.parse(job.createdAt) + 3_000_000));

    for (const line of lines) assert.ok(toDisplayWidth(line) <= 80, line);
    assert.match(lines[1] ?? '', new RegExp(`^${id}  cancelled `));
  });

  it('cuts no column that is to stay whole', () => {
    const lines = toTableLines(terminal(40), { head, rows, whole: [1] });

    for (const line of lines) assert.ok(toDisplayWidth(line) <= 40, line);
    assert.match(lines[2] ?? '', /日本語 +offline {2}says.*…/);
  });

  it('never cuts for a program, has no head there, and lets no control character through', () => {
    const lines = toTableLines(pipe, { head, rows });

    assert.deepEqual(lines[1], rows[1]?.join('\t'));
    assert.equal(lines.length, 3);
    assert.equal(lines[2], 'x\tok\tbell   and red');
  });

  it('has colours on terminals only, and they do not move the columns', () => {
    const paint = (output: Output) => (text: string) => output.paint('red', text);
    const colored = terminal(200, {});

    const seen = toTableLines(colored, { head, rows, paint: paint(colored) });
    const piped = toTableLines(pipe, { head, rows, paint: paint(pipe) });

    // oxlint-disable-next-line no-control-regex -- the escape is what is looked for
    const plain = seen.map((line) => line.replaceAll(/\u001B\[\d+m/g, '').trimEnd());
    assert.notDeepEqual(seen, plain);
    assert.deepEqual(plain, toTableLines(terminal(200), { head, rows }));
    assert.doesNotMatch(piped.join(''), /\[31m(?!red)/);
  });
});
