import type { Logger } from '../../../runtime/logger.ts';
import { apiResources } from '../../kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { JobCalls } from './job-calls.ts';
import { jobMarks, toAgentSelector } from './job-marks.ts';
import { findCondition, JobView } from './pod-view.ts';

/**
 * Deletes what is left in a namespace of attempts that have no folder here any more: Jobs of this agent that were never let go, or have ended. One that is at
 * work is left to its end, because nobody said that it should be stopped. Resolves with the count.
 */
export async function sweepJobs(options: {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly calls: JobCalls;
  readonly agent: string;
  /** Whether the attempt has a folder: asked after the Jobs were listed, because a folder is there before its Job. */
  readonly isKnown: (attempt: string) => Promise<boolean>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<number> {
  const { client, namespace, calls, agent, isKnown, logger, signal } = options;
  const labelSelector = toAgentSelector(agent);
  const { items } = await client.list({ resource: apiResources.jobs, namespace }, { labelSelector, signal });
  let count = 0;
  for (const item of items) {
    const job = JobView.safeParse(item).data;
    const attempt = job?.metadata.annotations?.[jobMarks.attempt];
    if (job === undefined || attempt === undefined || (await isKnown(attempt))) continue;
    const { conditions } = job.status;
    const isOver = findCondition(conditions, 'Complete') !== null || findCondition(conditions, 'Failed') !== null;
    if (!job.spec.suspend && !isOver) continue;
    logger.info({ job: job.metadata.name, attempt }, 'Job of no attempt deleted');
    await calls.deleteJob({ namespace, name: job.metadata.name }, job.metadata.uid);
    count += 1;
  }
  return count;
}
