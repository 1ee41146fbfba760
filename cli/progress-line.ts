import type { Job } from '../protocol/job.ts';
import { truncateToWidth } from './display-width.ts';
import type { Output } from './output.ts';
import { toPrintable } from './to-printable.ts';

type Progress = NonNullable<Job['progress']>;

/**
 * How far a job is, on standard error, beside its log. On a terminal it is one line that is drawn again and again, and that is never in the
 * middle of a line of the log: while one is unfinished it is not shown. Elsewhere it is a line for each new message and each tenth.
 */
export interface ProgressLine {
  show(progress: Progress): Promise<void>;
  /** Takes the line away, writes something else that goes to the terminal, and puts it back. `write` says whether a line is unfinished. */
  around(write: () => Promise<{ readonly endsLine: boolean }>): Promise<void>;
  /** Takes the line away for good. */
  clear(): Promise<void>;
}

const barWidth = 20;
const eraseLine = '\r\u001B[K';

export function createProgressLine(stderr: Output): ProgressLine {
  return stderr.isTerminal ? createDrawnLine(stderr) : createPlainLines(stderr);
}

function createDrawnLine(stderr: Output): ProgressLine {
  let shown: Progress | null = null;
  let isDrawn = false;
  let isMidLine = false;
  let turn: Promise<void> = Promise.resolve();
  /** One after another: a line that is drawn while the log is written would end up in it. */
  const inTurn = (action: () => Promise<void>): Promise<void> => {
    turn = turn.then(action, action);
    return turn;
  };
  const erase = async () => {
    if (isDrawn) await stderr.write(eraseLine);
    isDrawn = false;
  };
  const draw = async () => {
    if (shown === null || isMidLine) return;
    // The last column stays free: a full line would wrap, and could not be taken away.
    const text = truncateToWidth(toBar(shown), (stderr.columns() ?? 80) - 1);
    await stderr.write(`${eraseLine}${stderr.paint('cyan', text)}`);
    isDrawn = true;
  };
  return {
    show: (progress) =>
      inTurn(async () => {
        shown = progress;
        await draw();
      }),
    around: (write) =>
      inTurn(async () => {
        await erase();
        isMidLine = !(await write()).endsLine;
        await draw();
      }),
    clear: () =>
      inTurn(async () => {
        shown = null;
        await erase();
      }),
  };
}

function createPlainLines(stderr: Output): ProgressLine {
  let said = '';
  return {
    async show(progress) {
      const { percent, message } = progress;
      const key = `${percent === null ? '' : Math.floor(percent / 10)} ${message ?? ''}`;
      if (key === said) return;
      said = key;
      await stderr.line(`progress ${toProgressWords(progress)}`);
    },
    async around(write) {
      await write();
    },
    async clear() {},
  };
}

/** `40 % copying files` */
export function toProgressWords({ percent, message }: Progress): string {
  const parts = [percent === null ? null : `${Math.round(percent)} %`, message === null ? null : toPrintable(message)];
  return parts.filter((part) => part !== null).join(' ');
}

function toBar(progress: Progress): string {
  if (progress.percent === null) return toProgressWords(progress);
  const filled = Math.round((Math.min(Math.max(progress.percent, 0), 100) / 100) * barWidth);
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${toProgressWords(progress)}`;
}
