import { isFinal } from '../../protocol/job-state.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { WatchedJob } from './job-watch.ts';

/** A stretch of the log that has become durable, to be rendered. */
export interface LogStretch {
  readonly attempt: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Yields, stretch by stretch and without a hole, the log of the job's attempt until the job has ended: what a reader gets is what the
 * whole log is then. When the job is tried again, the log of the next attempt is another one: a reader that has had nothing gets that
 * instead; for one that has had some, this throws. So it does when the log is removed before all of it was given.
 */
export async function* followLog(options: {
  readonly logs: LogStore;
  readonly watched: WatchedJob;
  /** Offset to begin at. */
  readonly start: number;
  readonly signal: AbortSignal;
}): AsyncGenerator<LogStretch, void> {
  const { logs, watched, start, signal } = options;
  let attempt: string | null = null;
  let offset = start;
  while (!signal.aborted) {
    // In this order: the log of a job that has ended grows no more, so nothing can come between the two looks.
    const { job } = watched;
    if (job.attemptId !== null && job.attemptId !== attempt) {
      if (offset > start) throw new Error('the job is tried again: its log begins anew');
      attempt = job.attemptId;
    }
    const end = attempt === null ? 0 : await logs.length(attempt);
    if (attempt !== null && end > offset) {
      yield { attempt, start: offset, end };
      offset = end;
    }
    if (isFinal(job.state)) {
      const stored = job.log?.bytes ?? 0;
      if (offset >= stored) return;
      throw new Error(`the log had ${stored} bytes, and only ${offset} are there: it was removed while it was read`);
    }
    await somethingNew(watched, job.version, signal, (woken) =>
      attempt === null ? null : logs.grown(attempt, offset, woken),
    );
  }
}

/** Resolves at the first of: the job changed, the log grew, the reader left. Leaves nothing waiting behind. */
async function somethingNew(
  watched: WatchedJob,
  version: number,
  signal: AbortSignal,
  grown: (signal: AbortSignal) => Promise<void> | null,
): Promise<void> {
  const woken = new AbortController();
  // With a reason: without one the error that is made costs more than the waiting.
  const wake = () => woken.abort('woken');
  signal.addEventListener('abort', wake);
  if (signal.aborted) wake();
  const changed = watched.changed(version, woken.signal);
  const growing = grown(woken.signal);
  await Promise.race(growing === null ? [changed] : [changed, growing]);
  wake();
  await Promise.all([changed, growing]);
  signal.removeEventListener('abort', wake);
}
