import { readAttempt } from '../attempt-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { readJob } from '../job-statements.ts';
import { need } from '../need.ts';
import { all, first, type Program } from '../program.ts';
import { removeLog } from '../remove-log.ts';
import { type EndPlace, readLoggedAttempts } from '../retention-statements.ts';
import { writeAudit } from '../write-audit.ts';

/** What one command looks at at most, so that no commit takes long. */
const limit = 50;

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
