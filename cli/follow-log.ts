import type { FollowNotice } from '../client/client.ts';
import type { Job } from '../protocol/job.ts';
import type { ApiClient } from './api-client.ts';

export interface FollowOptions {
  readonly timestamps: boolean;
  /** Where the log goes, in order, every byte once. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Says in a sentence what a person should know meanwhile. */
  readonly note: (text: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Writes a job's log as it comes, to the end of the job, and answers the job as it ended. Survives a hub that is away for a while. Rejects
 * with `ApiError`, or with the signal's reason.
 */
export async function followLog(
  api: ApiClient,
  id: string,
  { timestamps, write, note, signal }: FollowOptions,
): Promise<Job> {
  const log = api.followLog(id, { timestamps, signal, onNotice: (notice) => note(toWords(notice)) });
  for (;;) {
    const { done, value } = await log.next();
    if (done === true) return value;
    await write(value);
  }
}

function toWords(notice: FollowNotice): string {
  switch (notice.type) {
    case 'away':
      return 'the hub is away; the job goes on, and so does this once it is back';
    case 'back':
      return 'the hub is back';
    case 'attempt':
      return `the job is tried again: what follows is the log of attempt ${notice.attempt}`;
  }
}
