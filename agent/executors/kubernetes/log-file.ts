import type { Clock } from '../../../runtime/clock.ts';
import { sleep } from '../../../runtime/sleep.ts';
import type { LogCopy } from './log-copy.ts';
import type { LogDoubts } from './log-doubts.ts';
import { LogLines, type LogTime } from './log-lines.ts';
import type { OpenLog } from './log-source.ts';

/** How often it is looked whether the kubelet has begun another file, and for how many bytes that nobody is sure of. */
export interface FileLook {
  readonly bytes: number;
  readonly ms: number;
}

/** What the kubelet has of a log. */
export interface LogFile {
  readonly first: LogTime;
  /** Of the log, as far as it was read. */
  readonly bytes: number;
}

/** A look takes no longer. */
const lookMs = 5_000;
/** The time of a line and more. */
const lookBytes = 64;

/** While the log grows. */
export async function lookAtFile(
  options: {
    readonly copy: LogCopy;
    readonly doubts: LogDoubts;
    readonly openLog: OpenLog;
    readonly clock: Clock;
    readonly fileLook: FileLook;
  },
  until: AbortSignal,
): Promise<void> {
  const { copy, doubts, clock, fileLook } = options;
  while (!until.aborted) {
    await sleep(clock, fileLook.ms, until);
    const { length } = copy;
    if (until.aborted || length - doubts.sureUntil < fileLook.bytes) continue;
    const seen = await readLogFile(options, { limitBytes: lookBytes, until, boundMs: lookMs });
    if (seen !== null) doubts.fileSeen(seen.first, length);
  }
}

/** The kubelet's file from its beginning; null where it does not say, or has no line. */
export async function readLogFile(
  { openLog, clock }: { readonly openLog: OpenLog; readonly clock: Clock },
  {
    limitBytes,
    until,
    boundMs,
  }: { readonly limitBytes: number | null; readonly until: AbortSignal; readonly boundMs: number },
): Promise<LogFile | null> {
  const over = new AbortController();
  const late = clock.schedule(boundMs, () => over.abort('late'), { background: true });
  const lines = new LogLines();
  let first: LogTime | null = null;
  let bytes = 0;
  try {
    const signal = AbortSignal.any([until, over.signal]);
    const answer = await openLog({ sinceSecond: null, follow: false, limitBytes, signal });
    if (answer.type !== 'log') return null;
    for await (const chunk of answer.chunks) {
      for (const piece of lines.split(chunk)) {
        if (piece.type === 'foreign') return null;
        if (piece.type === 'line') first ??= piece.time;
        else bytes += piece.bytes.length;
      }
    }
    return first === null ? null : { first, bytes };
  } catch {
    // Whatever it is, the log itself is followed on, and that says more.
    return null;
  } finally {
    late.cancel();
    over.abort('over');
  }
}
