import { readAttempt } from '../attempt-statements.ts';
import { changeAttempt } from '../change-attempt.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { readJob } from '../job-statements.ts';
import { applySilence } from '../loss-rule.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import { takeJobStep, toEndingAttempt, toJobFacts } from '../take-job-step.ts';

export function* loseAttempts({
  attemptIds,
  retrySafe,
  at,
}: CommandInput<'lose-attempts'>): Program<CommandResult<'lose-attempts'>> {
  const lost: string[] = [];
  for (const [index, id] of attemptIds.entries()) {
    const attempt = yield* first(readAttempt, { id });
    if (attempt === null || attempt.state !== 'running') continue;
    const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
    const ending = toEndingAttempt(job, attempt);
    const safe = retrySafe[index] ?? false;
    const silent = yield* changeAttempt(attempt, { state: 'agent-lost', ended_at: at });
    yield* takeJobStep(job, applySilence(toJobFacts(job), safe), {
      attempt: silent,
      ending,
      at,
      actor: 'hub',
      message: `nothing was heard of agent ${attempt.agent_name} for too long`,
      retrySafe: safe,
      result: null,
    });
    lost.push(id);
  }
  return { lost };
}
