import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../protocol/job.ts';
import { isFinal } from '../protocol/job-state.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { fetchJob } from './fetch-items.ts';
import { isPassingFailure } from './passing-failure.ts';

/** How long the hub may be away before following gives up. The job does not mind either way. */
const maxAwayMs = 120_000;
const firstRetryMs = 250;
const maxRetryMs = 5_000;

export interface FollowOptions {
  readonly timestamps: boolean;
  /** Where the log goes, in order, every byte once. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Says in a sentence what a person should know meanwhile. */
  readonly note: (text: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What was written of which attempt's log; the attempt is null while the job waited when writing began. */
interface Position {
  readonly attempt: number | null;
  written: number;
}

/**
 * Writes a job's log as it comes, to the end of the job, and answers the job as it ended. Survives a hub that is away for a while: it goes
 * on at the byte where it was. When the job is tried again, the next attempt's log follows. Rejects with `ApiError`, or with the signal's
 * reason.
 */
export async function followLog(api: ApiClient, id: string, options: FollowOptions): Promise<Job> {
  const { note, signal } = options;
  let position: Position = { attempt: null, written: 0 };
  let failures = 0;
  let failingSince = 0;
  while (true) {
    try {
      const job = await fetchJob(api, id, signal);
      if (failures > 1) await note('the hub is back');
      failures = 0;
      if (isAnotherLog(position, job))
        await note(`the job is tried again: what follows is the log of attempt ${job.attempt}`);
      position = { attempt: job.attempt, written: isAnotherLog(position, job) ? 0 : position.written };
      await writeRest(api, id, { position, ...options });
      if (isFinal(job.state)) return job;

      const after = await fetchJob(api, id, signal);
      const isSameLog = position.attempt === null || position.attempt === after.attempt;
      if (isFinal(after.state) && isSameLog && isWhole(position, after, options)) return after;
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassingFailure(error)) throw error;
      failures += 1;
      if (failures === 1) failingSince = performance.now();
      if (performance.now() - failingSince > maxAwayMs) throw error;
      if (failures === 2) await note('the hub is away; the job goes on, and so does this once it is back');
    }
    await delay(Math.min(firstRetryMs * 2 ** Math.max(failures - 1, 0), maxRetryMs), undefined, { signal });
  }
}

/** What was written from a job that waited is, as a rule, the log of its first attempt. */
function isAnotherLog({ attempt, written }: Position, job: Job): boolean {
  return written > 0 && job.attempt !== null && job.attempt !== (attempt ?? 1);
}

/** With timestamps the lengths cannot be compared; then an answer that the hub ended in order is taken for whole. */
function isWhole({ written }: Position, job: Job, { timestamps }: FollowOptions): boolean {
  const bytes = job.log?.bytes ?? 0;
  return timestamps ? bytes === 0 || written > 0 : written >= bytes;
}

/** Writes what comes after the position until the hub ends the answer. */
async function writeRest(
  api: ApiClient,
  id: string,
  { position, timestamps, write, signal }: FollowOptions & { readonly position: Position },
): Promise<void> {
  // The hub counts bytes of the log itself. Lines with times are longer: there, what was written is skipped here.
  const begin = timestamps ? { timestamps: 'true' } : { offset: String(position.written) };
  const query = new URLSearchParams({ follow: 'true', ...begin }).toString();
  const response = await api.open({
    path: `/jobs/${encodeURIComponent(id)}/log?${query}`,
    headers: { accept: 'text/plain' },
    signal,
  });
  let toSkip = timestamps ? position.written : 0;
  try {
    for await (const chunk of response.body ?? []) {
      const fresh = chunk.subarray(Math.min(toSkip, chunk.length));
      toSkip -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      await write(fresh);
      position.written += fresh.length;
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new ApiError('unreachable', `the log of ${id} broke off`, { cause });
  }
}
