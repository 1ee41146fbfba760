import { changeAttempt } from '../change-attempt.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { all, type Program, run } from '../program.ts';
import {
  deleteAttemptsOfJob,
  deleteJob,
  deleteJobLabel,
  deleteKeysOfJob,
  insertLogRemoval,
  insertRemovedAttempt,
  readAttemptsOfJob,
  readRemovableJobs,
} from '../retention-statements.ts';
import type { JobRow } from '../schema.ts';
import { writeAudit } from '../write-audit.ts';

/** What one command removes at most, so that no commit takes long. */
const limit = 25;

/** Removes the job with all that hangs on it, but for its audit, and remembers what its agents may still ask of its attempts. */
function* removeJob(job: JobRow, at: number): Program<{ readonly attempts: number; readonly logBytes: number }> {
  const attempts = yield* all(readAttemptsOfJob, { jobId: job.id });
  for (const attempt of attempts) {
    // Whoever keeps a copy of the open ones hears that this is none any more.
    if (attempt.open !== null) yield* changeAttempt(attempt, { state: 'state-lost' });
    const answer = attempt.state === 'ended' ? 'accepted' : 'withdrawn';
    yield* run(insertRemovedAttempt, { id: attempt.id, agent_id: attempt.agent_id, answer, removed_at: at });
    if (attempt.document_sent_at !== null) yield* run(insertLogRemoval, { attemptId: attempt.id });
  }
  const { id: jobId, account } = job;
  const labels: Readonly<Record<string, string>> = JSON.parse(job.labels);
  for (const [key, value] of Object.entries(labels)) yield* run(deleteJobLabel, { account, key, value, jobId });
  yield* run(deleteKeysOfJob, { jobId });
  yield* run(deleteAttemptsOfJob, { jobId });
  yield* run(deleteJob, { id: jobId });
  return { attempts: attempts.length, logBytes: attempts.reduce((sum, { log_bytes }) => sum + (log_bytes ?? 0), 0) };
}

export function* removeJobs({
  account,
  endedBefore,
  settledBefore,
  at,
}: CommandInput<'remove-jobs'>): Program<CommandResult<'remove-jobs'>> {
  const jobs = yield* all(readRemovableJobs, { account, endedBefore, settledBefore, limit });
  let attempts = 0;
  let logBytes = 0;
  for (const job of jobs) {
    const removed = yield* removeJob(job, at);
    attempts += removed.attempts;
    logBytes += removed.logBytes;
  }
  const counts = { jobs: jobs.length, attempts, logBytes };
  if (jobs.length > 0) {
    yield* writeAudit({
      at,
      account,
      actor: 'hub',
      action: 'retention.jobs-removed',
      object: `account:${account}`,
      data: { ...counts, endedFrom: jobs[0]?.ended_at ?? null, endedTo: jobs.at(-1)?.ended_at ?? null },
    });
  }
  return counts;
}
