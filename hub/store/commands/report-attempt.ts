import { fromAgentTime } from '../agent-time.ts';
import { readAttempt } from '../attempt-statements.ts';
import { changeAttempt } from '../change-attempt.ts';
import { changeJob } from '../change-job.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { readJob } from '../job-statements.ts';
import { loseFolder } from '../lose-folder.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import { returnOffer } from './withdraw-offer.ts';

const applied = { type: 'applied' } as const;
const ignored = { type: 'ignored' } as const;

export function* reportAttempt({
  attemptId,
  agentId,
  report,
  at,
}: CommandInput<'report-attempt'>): Program<CommandResult<'report-attempt'>> {
  const attempt = yield* first(readAttempt, { id: attemptId });
  if (attempt === null || attempt.agent_id !== agentId) return { type: 'unknown' };
  const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
  const actor = `agent:${agentId}`;

  switch (report.type) {
    case 'running': {
      const out = attempt.state === 'running' || attempt.state === 'agent-lost';
      if (!out || attempt.started_at !== null) return ignored;
      const startedAt = fromAgentTime(report.startedAt, { from: job.created_at, to: at }) ?? at;
      yield* changeAttempt(attempt, { started_at: startedAt });
      if (job.attempt_id === attempt.id && (job.state === 'running' || job.state === 'lost')) {
        yield* changeJob(job, { started_at: startedAt, started: 'true' }, { at, actor, action: null });
      }
      return applied;
    }
    case 'declined': {
      const message = report.message ?? "the agent no longer has this attempt's folder";
      if (report.reason === 'state-lost') {
        return (yield* loseFolder(job, attempt, { at, actor, message })) ? applied : ignored;
      }
      if (attempt.state !== 'offered') return ignored;
      yield* returnOffer(job, attempt, { why: report.reason, message: report.message, actor, at });
      return applied;
    }
  }
}
