import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { createOutput } from '../../cli/output.ts';
import { createProgressLine } from '../../cli/progress-line.ts';

const eraseLine = '\u001B[K';
/** Stands for it, as one character. */
const erase = '\u0000';

/** What a terminal shows of what was written: `\r` goes to the begin of the line, `ESC[K` empties the rest of it. */
function toScreen(written: string): string {
  const lines = [''];
  let column = 0;
  for (const character of written.replaceAll(eraseLine, erase)) {
    const row = lines.length - 1;
    const line = lines[row] ?? '';
    if (character === erase) lines[row] = line.slice(0, column);
    else if (character === '\r') column = 0;
    else if (character === '\n') {
      lines.push('');
      column = 0;
    } else {
      lines[row] = `${line.slice(0, column).padEnd(column)}${character}${line.slice(column + 1)}`;
      column += 1;
    }
  }
  return lines.join('\n');
}

function createScreen(isTTY: boolean, columns = 60) {
  const stream = new PassThrough();
  let written = '';
  stream.on('data', (chunk: Buffer) => {
    written += chunk.toString('utf8');
  });
  const output = createOutput(Object.assign(stream, { isTTY, columns, rows: 20 }), { NO_COLOR: '1' });
  const log = (text: string) => async () => {
    await output.write(text);
    return { endsLine: text.endsWith('\n') };
  };
  return { output, log, shown: () => toScreen(written), written: () => written };
}

describe('the progress of a job on a terminal', () => {
  it('stands below the log, and is gone when the job has ended', async () => {
    const screen = createScreen(true);
    const line = createProgressLine(screen.output);

    await line.around(screen.log('one\n'));
    await line.show({ percent: 40, message: 'copying', outputs: null });
    await line.around(screen.log('two\nthree\n'));
    const during = screen.shown();
    await line.clear();

    assert.equal(during, 'one\ntwo\nthree\n[########------------] 40 % copying');
    assert.equal(screen.shown(), 'one\ntwo\nthree\n');
  });

  it('is not drawn into an unfinished line of the log', async () => {
    const screen = createScreen(true);
    const line = createProgressLine(screen.output);

    await line.around(screen.log('half'));
    await line.show({ percent: 10, message: null, outputs: null });
    const unfinished = screen.shown();
    await line.around(screen.log(' a line\n'));

    assert.equal(unfinished, 'half');
    assert.equal(screen.shown(), 'half a line\n[##------------------] 10 %');
  });

  it('stays on one line, whatever the message holds', async () => {
    const screen = createScreen(true, 40);
    const line = createProgressLine(screen.output);

    await line.show({ percent: 100, message: `日本語 \u001B[2J\n${'long '.repeat(30)}`, outputs: null });
    await line.around(screen.log('log\n'));
    await line.clear();

    assert.equal(screen.shown(), 'log\n');
    assert.ok(!screen.written().includes('\u001B[2J'));
  });

  it('is lines elsewhere: one for each message and each tenth', async () => {
    const screen = createScreen(false);
    const line = createProgressLine(screen.output);

    for (const percent of [1, 2, 9, 11, 12]) await line.show({ percent, message: 'copying', outputs: null });
    await line.show({ percent: null, message: 'done', outputs: null });

    assert.equal(screen.written(), 'progress 1 % copying\nprogress 11 % copying\nprogress done\n');
  });
});
