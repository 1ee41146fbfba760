import type { Clock } from '../../../runtime/clock.ts';
import { sleep } from '../../../runtime/sleep.ts';
import type { LogBeginning } from './log-beginning.ts';
import type { LogCopy, LogMark } from './log-copy.ts';
import type { LogDoubts } from './log-doubts.ts';
import { LogLines, type LogTime } from './log-lines.ts';
import type { LogSubject, OpenLog } from './log-source.ts';

export interface ReadAnswerOptions {
  readonly copy: LogCopy;
  /** Those of the copy. */
  readonly doubts: LogDoubts;
  readonly beginning: LogBeginning;
  readonly openLog: OpenLog;
  readonly subject: LogSubject;
  readonly clock: Clock;
  /** Called after each chunk that was taken: what was stored is in the file. */
  readonly flush: () => Promise<void>;
  /** After this without the log, of a container that ended, it is given up. */
  readonly giveUpMs: number;
  readonly signal: AbortSignal;
}

/** What became of one answer: it ended, it did not continue what is stored, or it was cut. */
export type Reading = 'ended' | 'mismatch' | 'cut' | 'not-yet' | 'gone' | 'unreachable';

/** Copies what one answer has beyond what is stored. Rejects when that cannot be stored. */
export async function readAnswer(
  options: ReadAnswerOptions,
  { mark, follow }: { readonly mark: LogMark | null; readonly follow: boolean },
): Promise<Reading> {
  const { copy, doubts, beginning, openLog, subject, flush, signal, clock } = options;
  const over = new AbortController();
  let heardAt = clock.monotonic();
  const sinceSecond = mark === null ? copy.lastSecond : mark.second;
  const asked = { sinceSecond, follow, limitBytes: null, signal: AbortSignal.any([signal, over.signal]) };
  const lengthBefore = copy.length;
  const answer = await openLog(asked).catch(() => null);
  if (answer === null) return 'cut';
  if (answer.type !== 'log') return answer.type;
  copy.open(mark);
  const isEmpty = lengthBefore === 0;
  let isFileKnown = sinceSecond !== null;
  if (isEmpty) beginning.opened(clock.now());
  const lines = new LogLines();
  const chunks = answer.chunks[Symbol.asyncIterator]();
  const watching = cutSilent(options, { heardAt: () => heardAt, over });
  try {
    for (;;) {
      // Only what comes from the cluster may fail: a full disk is another matter.
      const next = await chunks.next().catch(() => null);
      if (next === null) return 'cut';
      if (next.done === true) return 'ended';
      heardAt = clock.monotonic();
      const taken = await copy.take(lines.split(next.value));
      if (!isFileKnown && copy.answerBegan !== null) {
        doubts.fileSeen(copy.answerBegan, lengthBefore);
        isFileKnown = true;
      }
      if (taken !== 'taken') {
        await flush();
        return taken === 'mismatch' ? 'mismatch' : 'unreachable';
      }
      if (isEmpty && copy.firstTime !== null) beginning.began(toMilliseconds(copy.firstTime));
      await flush();
    }
  } finally {
    if (isEmpty) beginning.closed(clock.now(), subject.endedAt());
    over.abort('over');
    await watching;
    await chunks.return?.().catch(() => {});
  }
}

function toMilliseconds({ second, nanos }: LogTime): number {
  return second * 1000 + Math.floor(nanos / 1_000_000);
}

/** A job may be silent for hours, but not once its container has ended: then a node that is gone would be waited for for ever. */
async function cutSilent(
  { subject, clock, giveUpMs, signal }: ReadAnswerOptions,
  { heardAt, over }: { readonly heardAt: () => number; readonly over: AbortController },
): Promise<void> {
  const until = AbortSignal.any([signal, over.signal]);
  while (!until.aborted) {
    const state = subject.state();
    const leftMs = state === 'ended' || state === 'gone' ? heardAt() + giveUpMs - clock.monotonic() : Infinity;
    if (leftMs <= 0) return over.abort('silent');
    if (leftMs === Infinity) await subject.changed(until);
    else await sleep(clock, leftMs, until);
  }
}
