import { fromAgentTime } from '../agent-time.ts';
import { readAttempt } from '../attempt-statements.ts';
import { changeAttempt } from '../change-attempt.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { toJobRecord } from '../job-row.ts';
import { readJob } from '../job-statements.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import type { StoredLog } from '../records.ts';
import { applyResult } from '../result-rule.ts';
import { readRemovedAttempt } from '../retention-statements.ts';
import { takeJobStep, toEndingAttempt, toJobFacts } from '../take-job-step.ts';

export function* endAttempt({
  attemptId,
  agentId,
  epoch,
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
  if (attempt.session_lease_epoch !== epoch.leaseEpoch || attempt.session_opens !== epoch.opens) {
    return { type: 'replaced' };
  }
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
