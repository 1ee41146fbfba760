import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { LoopBoard } from '../../../runtime/loop-board.ts';
import type { Random } from '../../../runtime/random.ts';
import { apiResources } from '../../kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { startListWatch } from '../../kubernetes/list-watch.ts';
import { toWatchStatus, type WatchStatus } from '../../kubernetes/watch-status.ts';
import { JobBoard } from './job-board.ts';
import { toAgentSelector } from './job-marks.ts';
import { JobView, PodView } from './pod-view.ts';

/** What the agent has in one namespace, as the cluster tells of it. */
export interface JobWatch extends AsyncDisposable {
  readonly board: JobBoard;
  /** Why the cluster cannot be heard; null while it can, and before it was asked for the first time. */
  readonly obstacle: string | null;
  readonly status: readonly WatchStatus[];
}

/** Two watches for all attempts: of the agent's Jobs, and of their pods. `onChange`: the obstacle may be another. */
export function watchJobs(options: {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly loops: LoopBoard;
  readonly onChange: () => void;
}): JobWatch {
  const { client, namespace, agent, clock, random, logger, loops, onChange } = options;
  const common = { client, clock, random, logger, loops };
  const board = new JobBoard();
  const selection = { labelSelector: toAgentSelector(agent) };
  const onState = () => onChange();
  const places = {
    jobs: { resource: apiResources.jobs, namespace },
    pods: { resource: apiResources.pods, namespace },
  };
  const jobs = startListWatch<JobView>({
    ...common,
    collection: places.jobs,
    selection,
    select: (object) => JobView.parse(object),
    onChange: (change) =>
      change.type === 'deleted' ? board.removeJob(toName(change.key)) : board.setJob(change.value),
    onState,
  });
  const pods = startListWatch<PodView>({
    ...common,
    collection: places.pods,
    selection,
    select: (object) => PodView.parse(object),
    onChange: (change) =>
      change.type === 'deleted' ? board.removePod(toName(change.key)) : board.setPod(change.value),
    onState,
  });
  return {
    board,
    get obstacle() {
      const states = [jobs.state, pods.state];
      const error = states.flatMap((state) => ('error' in state && state.error !== null ? [state.error] : []))[0];
      return error === undefined ? null : `the cluster cannot be asked: ${error.message}`;
    },
    get status() {
      return [toWatchStatus(places.jobs, jobs), toWatchStatus(places.pods, pods)];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([jobs[Symbol.asyncDispose](), pods[Symbol.asyncDispose]()]);
    },
  };
}

function toName(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
