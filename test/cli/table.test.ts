import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { padToWidth, toDisplayWidth, truncateToWidth } from '../../cli/display-width.ts';
import { createOutput, type Output } from '../../cli/output.ts';
import { toTableLines } from '../../cli/table.ts';

function terminal(columns: number, environment: Readonly<Record<string, string>> = { NO_COLOR: '1' }): Output {
  return createOutput(Object.assign(new PassThrough(), { isTTY: true, columns, rows: 20 }), environment);
}

const pipe = createOutput(new PassThrough(), {});

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
