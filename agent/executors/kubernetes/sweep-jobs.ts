import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { sleep } from '../../../runtime/sleep.ts';
import { apiResources } from '../../kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import type { JobCalls } from './job-calls.ts';
import type { JobCounter } from './job-counts.ts';
import { jobMarks, toAgentSelector } from './job-marks.ts';
import { findCondition, JobView } from './pod-view.ts';

export interface SweepOptions {
  readonly client: KubernetesClient;
  readonly calls: JobCalls;
  readonly counter: JobCounter;
  /** The namespaces that are still to be swept, with what last stood against it. One that is done leaves it. */
  readonly unswept: Map<string, string | null>;
  readonly agent: string;
  /** Whether the attempt has a folder: asked after the Jobs were listed, because a folder is there before its Job. */
  readonly isKnown: (attempt: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const firstWaitMs = 1_000;
const maxWaitMs = 60_000;

/**
 * Deletes what is left of attempts that have no folder here any more: Jobs of this agent that were never let go, or have ended. One that is at
 * work is left to its end, because nobody said that it should be stopped. Tries until it went well once, in each of the namespaces. One that is gone, or
 * in which the agent may not look any more, is told of and left.
 */
export async function sweepJobs(namespaces: readonly string[], options: SweepOptions): Promise<void> {
  await Promise.all(namespaces.map((namespace) => sweepNamespace(namespace, options)));
}

async function sweepNamespace(namespace: string, options: SweepOptions): Promise<void> {
  const { client, unswept, clock, logger, signal } = options;
  for (let waitMs = firstWaitMs; !signal.aborted; waitMs = Math.min(2 * waitMs, maxWaitMs)) {
    try {
      await sweepOnce(namespace, options);
      unswept.delete(namespace);
      return;
    } catch (err) {
      if (signal.aborted) return;
      unswept.set(namespace, err instanceof Error ? err.message : String(err));
      // The agent's own namespace it needs in any case.
      if (namespace !== client.namespace && isShut(err)) {
        logger.warn({ err, namespace }, 'Jobs of earlier attempts may be left where the agent may not look');
        return;
      }
      logger.debug({ err, namespace }, 'Jobs cannot be swept yet');
    }
    await sleep(clock, waitMs, signal);
  }
}

async function sweepOnce(namespace: string, options: SweepOptions): Promise<void> {
  const { client, calls, counter, agent, isKnown, logger, signal } = options;
  const labelSelector = toAgentSelector(agent);
  const { items } = await client.list({ resource: apiResources.jobs, namespace }, { labelSelector, signal });
  for (const item of items) {
    const job = JobView.safeParse(item).data;
    const attempt = job?.metadata.annotations?.[jobMarks.attempt];
    if (job === undefined || attempt === undefined || (await isKnown(attempt))) continue;
    const { conditions } = job.status;
    const isOver = findCondition(conditions, 'Complete') !== null || findCondition(conditions, 'Failed') !== null;
    if (!job.spec.suspend && !isOver) continue;
    logger.info({ job: job.metadata.name, namespace, attempt }, 'Job of no attempt deleted');
    await calls.deleteJob({ namespace, name: job.metadata.name }, job.metadata.uid);
    counter.swept();
  }
}

function isShut(error: unknown): boolean {
  return error instanceof KubernetesError && (error.code === 'forbidden' || error.code === 'not-found');
}
