import { ApiError } from './api-error.ts';
import type { Job, Operations } from './operations.ts';
import { pause } from './pause.ts';
import { readChunks } from './read-chunks.ts';

/** How long the hub may be away before following gives up. The job does not mind either way. */
const defaultPatienceMs = 120_000;
const firstRetryMs = 250;
const maxRetryMs = 5_000;

/** What somebody who follows may want to tell a person meanwhile. */
export type FollowNotice =
  | { readonly type: 'away' | 'back' }
  /** What follows is the log of another try. */
  | { readonly type: 'attempt'; readonly attempt: number };

export interface FollowOptions {
  /** A time before each line. */
  readonly timestamps?: boolean;
  readonly patienceMs?: number;
  readonly onNotice?: (notice: FollowNotice) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/** With `skipsLog` the hub is asked for what comes after any log: only the end of the job. */
interface InnerOptions extends FollowOptions {
  readonly skipsLog?: boolean;
}

/** As far as the hub counts. */
const afterAnyLog = 999_999_999_999_999;

/** What was given out of which attempt's log; the attempt is null while the job waited when it began. */
interface Position {
  readonly attempt: number | null;
  given: number;
}

/**
 * A job's log as it comes, to the end of the job: every byte once, in order. Returns the job as it ended. Survives a hub that is away for a
 * while: it goes on at the byte where it was. When the job is tried again, the next attempt's log follows. Throws `ApiError`, or the
 * signal's reason.
 */
export async function* followLog(
  operations: Pick<Operations, 'getJob' | 'getJobLog'>,
  id: string,
  options: InnerOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, Job> {
  const { onNotice = () => {}, patienceMs = defaultPatienceMs, signal } = options;
  const call = signal === undefined ? {} : { signal };
  let position: Position = { attempt: null, given: 0 };
  let failures = 0;
  let failingSince = 0;
  for (;;) {
    try {
      const job = await operations.getJob(id, call);
      if (failures > 1) await onNotice({ type: 'back' });
      failures = 0;
      if (options.skipsLog === true && isFinal(job)) return job;
      const isAnother = isAnotherLog(position, job);
      if (isAnother && job.attempt !== null) await onNotice({ type: 'attempt', attempt: job.attempt });
      position = { attempt: job.attempt, given: isAnother ? 0 : position.given };
      yield* readRest(operations, id, { position, ...options });
      if (isFinal(job)) return job;

      const after = await operations.getJob(id, call);
      const isSameLog = position.attempt === null || position.attempt === after.attempt;
      if (isFinal(after) && isSameLog && isWhole(position, after, options)) return after;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ApiError) || !error.isPassing) throw error;
      failures += 1;
      if (failures === 1) failingSince = performance.now();
      if (performance.now() - failingSince > patienceMs) throw error;
      if (failures === 2) await onNotice({ type: 'away' });
    }
    await pause(Math.min(firstRetryMs * 2 ** Math.max(failures - 1, 0), maxRetryMs), signal);
  }
}

/** The job once it has ended, without its log. Throws like `followLog`. */
export async function waitForEnd(
  operations: Pick<Operations, 'getJob' | 'getJobLog'>,
  id: string,
  options: Pick<FollowOptions, 'signal' | 'patienceMs'> = {},
): Promise<Job> {
  const log = followLog(operations, id, { ...options, skipsLog: true });
  for (;;) {
    const { done, value } = await log.next();
    if (done === true) return value;
  }
}

function isFinal({ state }: Job): boolean {
  return state !== 'queued' && state !== 'offered' && state !== 'running';
}

/** What was given of a job that waited is, as a rule, the log of its first attempt. */
function isAnotherLog({ attempt, given }: Position, job: Job): boolean {
  return given > 0 && job.attempt !== null && job.attempt !== (attempt ?? 1);
}

/** With timestamps the lengths cannot be compared; then an answer that the hub ended in order is taken for whole. */
function isWhole({ given }: Position, job: Job, { timestamps, skipsLog }: InnerOptions): boolean {
  if (skipsLog === true) return true;
  const bytes = job.log?.bytes ?? 0;
  return timestamps === true ? bytes === 0 || given > 0 : given >= bytes;
}

/** What comes after the position until the hub ends the answer. */
async function* readRest(
  operations: Pick<Operations, 'getJobLog'>,
  id: string,
  { position, timestamps = false, skipsLog = false, signal }: InnerOptions & { readonly position: Position },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  // The hub counts bytes of the log itself. Lines with times are longer: there, what was given is skipped here.
  const begin = timestamps ? { timestamps } : { offset: skipsLog ? afterAnyLog : position.given };
  const response = await operations.getJobLog(id, { follow: true, ...begin }, signal === undefined ? {} : { signal });
  let toSkip = timestamps ? position.given : 0;
  try {
    for await (const chunk of readChunks(response)) {
      const fresh = chunk.subarray(Math.min(toSkip, chunk.length));
      toSkip -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      position.given += fresh.length;
      yield fresh;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ApiError('unreachable', `the log of ${id} broke off`, { cause });
  }
}
