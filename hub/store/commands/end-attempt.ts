import { fromAgentTime } from '../agent-time.ts';
import { readAttempt } from '../attempt-statements.ts';
import { changeAttempt } from '../change-attempt.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { toJobRecord } from '../job-row.ts';
import { readJob } from '../job-statements.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import type { SessionEpoch, StoredLog } from '../records.ts';
import { applyResult } from '../result-rule.ts';
import { readRemovedAttempt } from '../retention-statements.ts';
import type { AttemptRow } from '../schema.ts';
import { takeJobStep, toEndingAttempt, toJobFacts } from '../take-job-step.ts';

/** Null for the newest session of whoever may speak for the attempt now. */
function judgeSpeaker(
  attempt: AttemptRow,
  epoch: SessionEpoch,
  runnerFolderId: string | undefined,
): { readonly type: 'replaced' | 'withdrawn' } | null {
  const isRunner = runnerFolderId !== undefined;
  if (isRunner && (attempt.handover !== 'given' || attempt.runner_folder_id !== runnerFolderId)) {
    return { type: 'withdrawn' };
  }
  const leaseEpoch = isRunner ? attempt.runner_starts : attempt.session_lease_epoch;
  const opens = isRunner ? attempt.runner_opens : attempt.session_opens;
  return leaseEpoch === epoch.leaseEpoch && opens === epoch.opens ? null : { type: 'replaced' };
}

export function* endAttempt({
  attemptId,
  agentId,
  epoch,
  runnerFolderId,
  result,
  storedLog,
  retrySafe,
  at,
}: CommandInput<'end-attempt'>): Program<CommandResult<'end-attempt'>> {
  const attempt = yield* first(readAttempt, { id: attemptId });
  if (attempt === null) {
    // It went with its job while this session was open.
    const removed = yield* first(readRemovedAttempt, { id: attemptId });
    return { type: removed?.agent_id === agentId ? 'withdrawn' : 'unknown' };
  }
  if (attempt.agent_id !== agentId) return { type: 'unknown' };
  if (attempt.state === 'withdrawn') return { type: 'withdrawn' };
  const speaks = judgeSpeaker(attempt, epoch, runnerFolderId);
  if (speaks !== null) return speaks;
  const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
  if (attempt.state === 'ended') return { type: 'accepted', job: toJobRecord(job) };

  const ending = toEndingAttempt(job, attempt);
  const bounds = { from: attempt.offered_at, to: at };
  const log: StoredLog = { ...storedLog, trailing: result.log.trailing, removedAt: null };
  const ended = yield* changeAttempt(attempt, {
    state: 'ended',
    result: JSON.stringify(result),
    log: JSON.stringify(log),
    log_bytes: log.bytes > 0 ? log.bytes : null,
    started_at: fromAgentTime(result.startedAt, bounds) ?? attempt.started_at,
    ended_at: fromAgentTime(result.endedAt, bounds) ?? at,
  });
  const folderLost = attempt.state === 'state-lost';
  const step = applyResult(toJobFacts(job), { ...ending, folderLost }, { ...result, retrySafe });
  const after = yield* takeJobStep(job, step, {
    attempt: ended,
    ending,
    at,
    actor: `agent:${agentId}`,
    message: result.message,
    retrySafe,
    result,
  });
  return { type: 'accepted', job: toJobRecord(after) };
}
