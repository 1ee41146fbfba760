import type { Logger } from '../../../runtime/logger.ts';
import { apiResources } from '../../kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { JobCalls } from './job-calls.ts';
import type { JobCounter } from './job-counts.ts';
import { jobMarks, toAgentSelector } from './job-marks.ts';
import { findCondition, JobView } from './pod-view.ts';

/**
 * Deletes what is left in a namespace of attempts that have no folder here any more: Jobs of this agent that were never let go, or have ended. One
 * that is at work is left to its end, because nobody said that it should be stopped. Each is counted.
 */
export async function sweepJobs(options: {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly calls: JobCalls;
  readonly counter: JobCounter;
  readonly agent: string;
  /** Whether the attempt has a folder: asked after the Jobs were listed, because a folder is there before its Job. */
  readonly isKnown: (attempt: string) => Promise<boolean>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { client, namespace, calls, counter, agent, isKnown, logger, signal } = options;
  const labelSelector = toAgentSelector(agent);
  const { items } = await client.list({ resource: apiResources.jobs, namespace }, { labelSelector, signal });
  for (const item of items) {
    const job = JobView.safeParse(item).data;
    const attempt = job?.metadata.annotations?.[jobMarks.attempt];
    if (job === undefined || attempt === undefined || (await isKnown(attempt))) continue;
    const { conditions } = job.status;
    const isOver = findCondition(conditions, 'Complete') !== null || findCondition(conditions, 'Failed') !== null;
    if (!job.spec.suspend && !isOver) continue;
    logger.info({ job: job.metadata.name, attempt }, 'Job of no attempt deleted');
    await calls.deleteJob({ namespace, name: job.metadata.name }, job.metadata.uid);
    counter.swept();
  }
}
