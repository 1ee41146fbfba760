import type { Actor } from './actor.ts';
import { changeAttempt } from './change-attempt.ts';
import { applyFolderLoss } from './loss-rule.ts';
import type { Program } from './program.ts';
import { readRetrySafe } from './retry-safe.ts';
import type { AttemptRow, JobRow } from './schema.ts';
import { takeJobStep, toEndingAttempt, toJobFacts } from './take-job-step.ts';

/** The agent said that the attempt's folder is gone: the attempt is `state-lost`, for good. Ignored where it is over already. */
export function* loseFolder(
  job: JobRow,
  attempt: AttemptRow,
  event: { readonly at: number; readonly actor: Actor; readonly message: string },
): Program<boolean> {
  if (attempt.state === 'ended' || attempt.state === 'withdrawn' || attempt.state === 'state-lost') return false;
  const ending = toEndingAttempt(job, attempt);
  const retrySafe = yield* readRetrySafe(attempt);
  const lost = yield* changeAttempt(attempt, { state: 'state-lost', ended_at: event.at });
  const step = applyFolderLoss(toJobFacts(job), ending, retrySafe);
  yield* takeJobStep(job, step, { attempt: lost, ending, retrySafe, result: null, ...event });
  return true;
}
