import type { EndingAttempt, JobFacts, JobStep } from './job-step.ts';
import { isCorrectable, isSettled } from './job-transitions.ts';
import { mayRetry } from './retry-rule.ts';

/** What a long silence of the agent does to the job of a running attempt. */
export function applySilence(job: JobFacts, retrySafe: boolean): JobStep {
  if (job.state !== 'running') return { type: 'none' };
  if (mayRetry({ ...job, cause: 'agent-lost', retrySafe })) return { type: 'queue', counts: 'retry' };
  return { type: 'end', state: 'lost', cause: 'agent-lost' };
}

/** What it does to the job when an agent says that the attempt's folder is gone. */
export function applyFolderLoss(job: JobFacts, attempt: EndingAttempt, retrySafe: boolean): JobStep {
  if (attempt.newerGotDocument || isSettled(job)) return { type: 'none' };
  const lost: JobStep = { type: 'end', state: 'lost', cause: 'state-lost' };
  if (attempt.late) return isCorrectable(job) ? lost : { type: 'none' };
  if (mayRetry({ ...job, cause: 'state-lost', retrySafe })) return { type: 'queue', counts: 'retry' };
  return lost;
}
