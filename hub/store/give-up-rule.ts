import type { JobStep } from './job-step.ts';
import { isCorrectable, type JobMoment } from './job-transitions.ts';

/** `lostMayReturn`: an `agent-lost` attempt is out, and no newer one got its document. */
type GiveUpSituation = JobMoment & { readonly lostMayReturn: boolean };

/** What a wish to cancel does at once; `wish`: it is recorded, and the attempts are told. */
export type CancelStep = { readonly type: 'ended' } | { readonly type: 'wish' } | Extract<JobStep, { type: 'end' }>;

/** `docs/attempts.md` §5, the hub's part. */
export function applyCancel(job: GiveUpSituation): CancelStep {
  if (job.state === 'queued' || job.state === 'offered') {
    return job.lostMayReturn
      ? { type: 'end', state: 'lost', cause: 'agent-lost' }
      : { type: 'end', state: 'cancelled', cause: 'cancelled' };
  }
  return job.state === 'running' || isCorrectable(job) ? { type: 'wish' } : { type: 'ended' };
}

/** What it does to a queued job that nobody took it in time. */
export function applyExpiry(job: GiveUpSituation): JobStep {
  if (job.state !== 'queued') return { type: 'none' };
  return job.lostMayReturn
    ? { type: 'end', state: 'lost', cause: 'agent-lost' }
    : { type: 'end', state: 'failed', cause: 'expired' };
}
