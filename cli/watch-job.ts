import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '../protocol/job-state.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { fetchJob } from './fetch-items.ts';
import type { ProgressLine } from './progress-line.ts';
import { toWaitingLines } from './waiting-words.ts';

/** A job that starts within this time gets no words about waiting. */
const patienceMs = 700;
const intervalMs = 1_500;

/**
 * Beside the log of a job: while it waits, says why whenever the reasons change; while it runs, shows how far it is. Looks once in a while,
 * never more often than every second. Ends with the job or when `signal` aborts; never rejects for that.
 */
export async function watchJob(
  api: ApiClient,
  id: string,
  options: {
    readonly say: (line: string) => Promise<void>;
    readonly progress: ProgressLine;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { say, progress, signal } = options;
  let said = '';
  try {
    await delay(patienceMs, undefined, { signal });
    for (;;) {
      const job = await fetchJob(api, id, signal);
      if (isFinal(job.state)) return;
      if (job.state === 'queued') {
        const lines = toWaitingLines(job);
        const text = lines.join('\n');
        if (text !== said) for (const line of lines) await say(line);
        said = text;
      } else if (job.progress !== null) await progress.show(job.progress);
      await delay(intervalMs, undefined, { signal });
    }
  } catch (error) {
    // Whoever follows the log meets the same trouble, and tells of it.
    if (!signal.aborted && !(error instanceof ApiError)) throw error;
  }
}
