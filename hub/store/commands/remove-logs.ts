import { readAttempt } from '../attempt-statements.ts';
import { changeAttempt } from '../change-attempt.ts';
import { changeJob } from '../change-job.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { readJob } from '../job-statements.ts';
import { need } from '../need.ts';
import { all, first, type Program, run } from '../program.ts';
import { type EndPlace, insertLogRemoval, readLoggedAttempts } from '../retention-statements.ts';
import type { AttemptRow, JobRow } from '../schema.ts';
import { toStoredLog } from '../stored-log.ts';
import { writeAudit } from '../write-audit.ts';

/** What one command looks at at most, so that no commit takes long. */
const limit = 50;

function toRemoved(log: string | null, at: number): string | null {
  const stored = toStoredLog(log);
  return stored === null ? null : JSON.stringify({ ...stored, removedAt: at });
}

/** The bytes go; how many there were, their digest and whether they were whole stays with attempt and job. */
function* removeLog(job: JobRow, attempt: AttemptRow, at: number): Program<void> {
  yield* changeAttempt(attempt, { log: toRemoved(attempt.log, at), log_bytes: null });
  if (job.attempt_id === attempt.id && job.log !== null) {
    yield* changeJob(job, { log: toRemoved(job.log, at) }, { at, actor: 'hub', action: null });
  }
  yield* run(insertLogRemoval, { attemptId: attempt.id });
}

export function* removeLogs({
  bytes,
  endedBefore,
  after,
  at,
}: CommandInput<'remove-logs'>): Program<CommandResult<'remove-logs'>> {
  const removed = new Map<string, { logs: number; bytes: number }>();
  let place: EndPlace = after ?? { endedAt: Number.MIN_SAFE_INTEGER, id: '' };
  let left = bytes;
  const found = yield* all(readLoggedAttempts, { ...place, limit });
  for (const { id, ended_at, log_bytes } of found) {
    if (left <= 0) break;
    const attempt = need(yield* first(readAttempt, { id }), 'attempt');
    const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
    place = { endedAt: need(ended_at, 'end'), id };
    if (job.ended_at === null || job.ended_at >= endedBefore) continue;
    yield* removeLog(job, attempt, at);
    const length = log_bytes ?? 0;
    const sum = removed.get(job.account) ?? { logs: 0, bytes: 0 };
    removed.set(job.account, { logs: sum.logs + 1, bytes: sum.bytes + length });
    left -= length;
  }
  for (const [account, sum] of removed) {
    yield* writeAudit({
      at,
      account,
      actor: 'hub',
      action: 'retention.logs-removed',
      object: `account:${account}`,
      data: sum,
    });
  }
  const sums = [...removed.values()];
  return {
    logs: sums.reduce((count, { logs }) => count + logs, 0),
    bytes: bytes - left,
    next: left > 0 && found.length === limit ? place : null,
  };
}
