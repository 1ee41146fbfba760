import { changeAttempt } from './change-attempt.ts';
import { changeJob } from './change-job.ts';
import { type Program, run } from './program.ts';
import { insertLogRemoval } from './retention-statements.ts';
import type { AttemptRow, JobRow } from './schema.ts';
import { toStoredLog } from './stored-log.ts';

function toRemoved(log: string | null, at: number): string | null {
  const stored = toStoredLog(log);
  return stored === null ? null : JSON.stringify({ ...stored, removedAt: at });
}

/** The bytes go; how many there were, their digest and whether they were whole stays with attempt and job. */
export function* removeLog(job: JobRow, attempt: AttemptRow, at: number): Program<void> {
  yield* changeAttempt(attempt, { log: toRemoved(attempt.log, at), log_bytes: null });
  if (job.attempt_id === attempt.id && job.log !== null) {
    yield* changeJob(job, { log: toRemoved(job.log, at) }, { at, actor: 'hub', action: null });
  }
  yield* run(insertLogRemoval, { attemptId: attempt.id });
}
