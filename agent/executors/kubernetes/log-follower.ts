import { sleep } from '../../../runtime/sleep.ts';
import { beginningMark, type LogMark } from './log-copy.ts';
import { type FileLook, lookAtLogFile } from './look-at-log-file.ts';
import { type ReadAnswerOptions, readAnswer } from './read-answer.ts';
import { type LogFile, readLogFile } from './read-log-file.ts';

/** How much the copy proves: `whole` is every byte from the first line on; why it is not stands in a sentence. `hasEnd`: what was printed last is there. */
export type LogEnd =
  | { readonly type: 'whole' }
  | { readonly type: 'unproved'; readonly why: string; readonly hasEnd: boolean };

export interface LogFollowerOptions extends ReadAnswerOptions {
  readonly fileLook: FileLook;
}

const shortWaitMs = 200;
const shortWaits = 5;
const longestWaitMs = 10_000;

/**
 * Follows the log of one container to its end, over lost connections; null when `signal` aborts first. Rejects when what came cannot be
 * stored. A stream that ends is not the end: that is when the container has ended and one more answer brought nothing. The last answer is
 * asked for from the beginning: where the kubelet still has the first line, everything is compared once more, and the copy is proved to be
 * whole. Where it has not, the end is compared.
 */
export async function followLog(options: LogFollowerOptions): Promise<LogEnd | null> {
  const over = new AbortController();
  const looking = lookAtLogFile(options, AbortSignal.any([options.signal, over.signal]));
  try {
    return await follow(options);
  } finally {
    over.abort('over');
    await looking;
  }
}

async function follow(options: LogFollowerOptions): Promise<LogEnd | null> {
  const { copy, doubts, beginning, subject, clock, fileLook, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    const state = subject.state();
    if (state === 'waiting') {
      await subject.changed(signal);
      continue;
    }
    if (state === 'gone') return giveUp('the pod was gone before its log could be read to the end');
    if (state === 'ended') break;
    const before = copy.length;
    const reading = await readAnswer(options, { mark: copy.mark, follow: true });
    if (reading === 'mismatch') copy.forgetMarks();
    failures = before === copy.length ? failures + 1 : 0;
    await rest(failures);
  }
  return signal.aborted ? null : readEnd();

  /** Until something is heard of the container, or it is time. */
  async function rest(after: number): Promise<void> {
    const waitMs = after <= shortWaits ? shortWaitMs : Math.min(longestWaitMs, shortWaitMs * 2 ** (after - shortWaits));
    const over = new AbortController();
    const waiting = AbortSignal.any([signal, over.signal]);
    await Promise.race([sleep(clock, waitMs, waiting), subject.changed(waiting)]);
    over.abort('over');
  }

  /** The container has ended: what it printed is all there. It is read to its end, however long that takes, before it is compared as a whole. */
  async function readEnd(): Promise<LogEnd | null> {
    for (;;) {
      const followed = await readToEnd(() => copy.mark, true);
      if (followed === 'ended') break;
      if (followed !== 'mismatch') return followed;
      copy.forgetMarks();
    }
    const whole = await readToEnd(() => beginningMark, false);
    if (whole === 'mismatch') return readFileAgain();
    if (whole !== 'ended') return whole;
    if (!copy.hasCaughtUp) {
      doubts.fileLost();
      return unproved('the kubelet has less of the log than was read before', false);
    }
    return beginning.isMissed
      ? unproved('nobody looked at the log for a while before its first line', true)
      : { type: 'whole' };
  }

  /** What the kubelet has is the end of the log, if it is anything of it. */
  async function readFileAgain(): Promise<LogEnd | null> {
    const why = 'the kubelet has dropped the beginning of the log since it was read';
    const file = await readFile();
    if (file === null || file.bytes > copy.length) return signal.aborted ? null : unproved(why, false);
    const offset = copy.length - file.bytes;
    const compared = await readToEnd(() => ({ second: null, offset, time: file.first }), false);
    if (compared !== 'ended' && compared !== 'mismatch') return compared;
    const hasEnd = compared === 'ended' && copy.hasCaughtUp;
    if (hasEnd) doubts.fileProved(file.first, offset);
    return unproved(why, hasEnd);
  }

  async function readFile(): Promise<LogFile | null> {
    const since = clock.monotonic();
    for (let tries = 0; !signal.aborted && subject.state() !== 'gone'; tries += 1) {
      if (tries > 0) await rest(tries);
      const file = await readLogFile(options, { limitBytes: null, until: signal, boundMs: options.giveUpMs });
      if (file !== null || clock.monotonic() - since > options.giveUpMs) return file;
    }
    return null;
  }

  /** An answer that was not cut; null when `signal` aborts first. */
  async function readToEnd(mark: () => LogMark | null, follow: boolean): Promise<'ended' | 'mismatch' | LogEnd | null> {
    const since = clock.monotonic();
    for (let tries = 0; !signal.aborted; tries += 1) {
      if (tries > 0) await rest(tries);
      if (signal.aborted) return null;
      const reading = await readAnswer(options, { mark: mark(), follow });
      if (reading === 'ended' || reading === 'mismatch') return reading;
      if (reading === 'gone' || subject.state() === 'gone')
        return giveUp('the pod was gone before its log could be read to the end');
      if (reading !== 'cut' && clock.monotonic() - since > options.giveUpMs)
        return giveUp('the node does not give the log');
    }
    return null;
  }

  /** A file that is smaller than what is looked for is not put aside. */
  function giveUp(why: string): LogEnd {
    if (copy.length >= fileLook.bytes) doubts.fileLost();
    return unproved(why, false);
  }
}

function unproved(why: string, hasEnd: boolean): LogEnd {
  return { type: 'unproved', why, hasEnd };
}
