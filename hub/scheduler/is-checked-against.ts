import type { LiveAgent } from '../fleet/live-agent.ts';
import type { QueuedJob } from './job-queue.ts';

/** Whether the agent offers the form of the automation that the parameters were validated against, or one that takes any. */
export function isCheckedAgainst(job: Pick<QueuedJob, 'automation' | 'digest'>, agent: LiveAgent): boolean {
  const offered = agent.automations.get(job.automation);
  return offered !== undefined && (offered.digest === job.digest || offered.parameters === null);
}
