import type { Clock } from '../../../runtime/clock.ts';
import { LogLines, type LogTime } from './log-lines.ts';
import type { OpenLog } from './log-source.ts';

/** What the kubelet has of a log. */
export interface LogFile {
  readonly first: LogTime;
  /** Of the log, as far as it was read. */
  readonly bytes: number;
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
