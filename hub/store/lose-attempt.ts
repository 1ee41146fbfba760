import type { Actor } from './actor.ts';
import { changeAttempt } from './change-attempt.ts';
import { readJob } from './job-statements.ts';
import { applySilence } from './loss-rule.ts';
import { need } from './need.ts';
import { first, type Program } from './program.ts';
import type { AttemptRow } from './schema.ts';
import { takeJobStep, toEndingAttempt, toJobFacts } from './take-job-step.ts';

/** `running → lost (agent-lost)` or back to the queue. */
export function* loseAttempt(
  attempt: AttemptRow,
  {
    retrySafe,
    message,
    actor,
    at,
  }: { readonly retrySafe: boolean; readonly message: string; readonly actor: Actor; readonly at: number },
): Program<void> {
  const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
  const ending = toEndingAttempt(job, attempt);
  const silent = yield* changeAttempt(attempt, { state: 'agent-lost', ended_at: at });
  yield* takeJobStep(job, applySilence(toJobFacts(job), retrySafe), {
    attempt: silent,
    ending,
    at,
    actor,
    message,
    retrySafe,
    result: null,
  });
}
