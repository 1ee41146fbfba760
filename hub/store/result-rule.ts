import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Cause } from '../../protocol/cause.ts';
import type { EndingAttempt, JobFacts, JobStep } from './job-step.ts';
import { isCorrectable, isSettled } from './job-transitions.ts';
import { maxNeverStarted, mayRetry } from './retry-rule.ts';

const none: JobStep = { type: 'none' };

/** `agent-lost` is the hub's own word and means "may be corrected": a result never says it. */
function finalCause(cause: Cause): Cause {
  return cause === 'agent-lost' ? 'process-lost' : cause;
}

/**
 * What a stored result does to the job: `docs/attempts.md` §1. `folderLost`: the attempt was called `state-lost` before, which is
 * final, so its result is only kept.
 */
export function applyResult(
  job: JobFacts,
  attempt: EndingAttempt & { readonly folderLost: boolean },
  result: Pick<AttemptResult, 'outcome' | 'cause'> & { readonly retrySafe: boolean },
): JobStep {
  if (attempt.folderLost || attempt.newerGotDocument || isSettled(job)) return none;
  if (isCorrectable(job) && !attempt.late) return none;
  const cause = finalCause(result.cause);
  const stays: JobStep = isCorrectable(job) ? { type: 'end', state: 'lost', cause } : none;
  const again = !attempt.late && mayRetry({ ...job, cause, retrySafe: result.retrySafe });

  switch (result.outcome) {
    case 'succeeded':
      return { type: 'end', state: 'succeeded', cause };
    case 'cancelled':
      if (attempt.late && !job.cancelRequested) return stays;
      return { type: 'end', state: 'cancelled', cause };
    case 'failed':
    case 'timed-out':
      return again ? { type: 'queue', counts: 'retry' } : { type: 'end', state: result.outcome, cause };
    case 'lost':
      if (again) return { type: 'queue', counts: 'retry' };
      return attempt.late ? stays : { type: 'end', state: 'lost', cause };
    case 'never-started':
      if (attempt.late) return stays;
      if (job.cancelRequested) return { type: 'end', state: 'cancelled', cause: 'cancelled' };
      if (job.neverStarted < maxNeverStarted) return { type: 'queue', counts: 'never-started' };
      return { type: 'end', state: 'failed', cause };
  }
}
