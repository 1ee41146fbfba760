import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { fetchAgents, fetchJob } from './fetch-items.ts';
import { toWaitingLines } from './waiting-words.ts';

/** A job that starts within this time gets no words about waiting. */
const patienceMs = 700;
const intervalMs = 1_500;

/** While the job waits, says why whenever the reasons change. Ends when it waits no more or `signal` aborts; never rejects for that. */
export async function watchWaiting(
  api: ApiClient,
  id: string,
  { say, signal }: { readonly say: (line: string) => Promise<void>; readonly signal: AbortSignal },
): Promise<void> {
  let said = '';
  try {
    await delay(patienceMs, undefined, { signal });
    for (let job = await fetchJob(api, id, signal); job.state === 'queued'; job = await fetchJob(api, id, signal)) {
      const isAnyAgentKnown = job.waiting.length > 0 || (await fetchAgents(api, 1)).length > 0;
      const lines = toWaitingLines(job, isAnyAgentKnown);
      const text = lines.join('\n');
      if (text !== said) for (const line of lines) await say(line);
      said = text;
      await delay(intervalMs, undefined, { signal });
    }
  } catch (error) {
    // Whoever follows the log meets the same trouble, and tells of it.
    if (!signal.aborted && !(error instanceof ApiError)) throw error;
  }
}
