import type { Clock } from '../../../runtime/clock.ts';
import { sleep } from '../../../runtime/sleep.ts';
import type { LogBeginning } from './log-beginning.ts';
import type { LogCopy, LogMark } from './log-copy.ts';
import { LogLines, type LogTime } from './log-lines.ts';

/**
 * One answer of the kubelet.
 *
 * - `not-yet`: the container has no log yet
 * - `gone`: nobody has it any more, for certain
 * - `unreachable`: the cluster answers, and the log cannot be had from the node
 */
export type LogAnswer =
  | { readonly type: 'log'; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly type: 'not-yet' | 'gone' | 'unreachable' };

/** Asks for the log of one container. Rejects where the cluster cannot be asked. */
export type OpenLog = (options: {
  readonly sinceSecond: number | null;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}) => Promise<LogAnswer>;

/** What is known of the container beside its log. */
export interface LogSubject {
  /** `ended` is for certain and for ever; `gone` means that its pod is not there any more. */
  readonly state: () => 'waiting' | 'running' | 'ended' | 'gone';
  /** Of the container, by its node's clock; null while it runs, and where nobody says. */
  readonly endedAt: () => number | null;
  /** Resolves when the state may be another, or `signal` aborts. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
}

/** How much the copy proves: `whole` is every byte from the first line on; why it is not stands in a sentence. */
export type LogEnd = { readonly type: 'whole' } | { readonly type: 'unproved'; readonly why: string };

export interface LogFollowerOptions {
  readonly copy: LogCopy;
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

const shortWaitMs = 200;
const shortWaits = 5;
const longestWaitMs = 10_000;

/** What became of one answer: it ended, it did not continue what is stored, or it was cut. */
type Reading = 'ended' | 'mismatch' | 'cut' | 'not-yet' | 'gone' | 'unreachable';

/**
 * Follows the log of one container to its end, over lost connections; null when `signal` aborts first. Rejects when what came cannot be stored. A stream that ends is not the end: that
 * is when the container has ended and one more answer brought nothing. The last answer is asked for from the beginning: where the kubelet still
 * has the first line, everything is compared once more, and the copy is proved to be whole.
 */
export async function followLog(options: LogFollowerOptions): Promise<LogEnd | null> {
  const { copy, beginning, subject, clock, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    const state = subject.state();
    if (state === 'waiting') {
      await subject.changed(signal);
      continue;
    }
    if (state === 'gone') return { type: 'unproved', why: 'the pod was gone before its log could be read to the end' };
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

  /** The container has ended: what it printed is all there. */
  async function readEnd(): Promise<LogEnd | null> {
    const since = clock.monotonic();
    let follows = true;
    for (let tries = 0; !signal.aborted; tries += 1) {
      if (tries > 0) await rest(tries);
      if (signal.aborted) return null;
      // Once to its end, however long that takes, before what is there is compared as a whole.
      const mark: LogMark | null = follows ? copy.mark : { second: null, offset: 0 };
      const reading = await readAnswer(options, { mark, follow: follows });
      if (reading === 'ended' && follows) {
        follows = false;
        tries = -1;
      } else if (reading === 'ended') {
        if (copy.hasCaughtUp && beginning.isMissed)
          return { type: 'unproved', why: 'nobody looked at the log for a while before its first line' };
        if (copy.hasCaughtUp) return { type: 'whole' };
        return { type: 'unproved', why: 'the kubelet has less of the log than was read before' };
      } else if (reading === 'mismatch' && follows) {
        copy.forgetMarks();
      } else if (reading === 'mismatch') {
        return { type: 'unproved', why: 'the kubelet has dropped the beginning of the log since it was read' };
      } else if (reading === 'gone' || subject.state() === 'gone') {
        return { type: 'unproved', why: 'the pod was gone before its log could be read to the end' };
      } else if (reading !== 'cut' && clock.monotonic() - since > options.giveUpMs) {
        return { type: 'unproved', why: 'the node does not give the log' };
      }
    }
    return null;
  }
}

async function readAnswer(
  options: LogFollowerOptions,
  { mark, follow }: { readonly mark: LogMark | null; readonly follow: boolean },
): Promise<Reading> {
  const { copy, beginning, openLog, subject, flush, signal, clock } = options;
  const over = new AbortController();
  let heardAt = clock.monotonic();
  const sinceSecond = mark === null ? copy.lastSecond : mark.second;
  const asked = { sinceSecond, follow, signal: AbortSignal.any([signal, over.signal]) };
  const answer = await openLog(asked).catch(() => null);
  if (answer === null) return 'cut';
  if (answer.type !== 'log') return answer.type;
  copy.open(mark);
  const isEmpty = copy.length === 0;
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
      if (taken === 'mismatch') return 'mismatch';
      if (taken === 'foreign') return 'unreachable';
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
  { subject, clock, giveUpMs, signal }: LogFollowerOptions,
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
