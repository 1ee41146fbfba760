import type { CommandHandover } from '../../agent/automations/prepared-command.ts';
import type { CommandEnd } from '../../agent/executors/command-end.ts';
import { toEndBesideRunner } from '../../agent/executors/kubernetes/end-beside-runner.ts';
import { readMain } from '../../agent/executors/kubernetes/main-container.ts';
import type { PodCause, SimulatedPod } from './simulated-pod.ts';

/** What a pod is made of. */
export interface PodRequest {
  readonly owner: string;
  readonly attempt: string;
  readonly handover: CommandHandover;
}

interface PodJob {
  readonly request: PodRequest;
  readonly place: string;
  readonly pods: SimulatedPod[];
  isLetGo: boolean;
  isDeleted: boolean;
  isStopped: boolean;
}

/** Whether a Job is over, and with what end: null where nobody can say. */
export type JobView = { readonly type: 'at-work' } | { readonly type: 'over'; readonly end: CommandEnd };

/**
 * A cluster with a Job for each attempt that was handed over, known by its attempt, and by the place of whoever made it. A Job makes its pod when it is let go, and perhaps another one besides. What an
 * agent can ask of it is here; each question is an operation of the one who asks.
 */
export class SimulatedCluster {
  readonly pods: SimulatedPod[] = [];
  readonly #jobs = new Map<string, PodJob>();
  readonly #makePod: (request: PodRequest) => SimulatedPod;

  constructor(makePod: (request: PodRequest) => SimulatedPod) {
    this.#makePod = makePod;
  }

  podsOf(attempt: string): readonly SimulatedPod[] {
    return this.pods.filter((pod) => pod.attempt === attempt);
  }

  alive(): readonly SimulatedPod[] {
    return this.pods.filter((pod) => !pod.isOver);
  }

  /** Nothing of it runs yet. False when there is one that is not of this place. */
  createJob(request: PodRequest, place: string): boolean {
    const found = this.#jobs.get(request.attempt);
    if (found !== undefined) return found.place === place;
    this.#jobs.set(request.attempt, {
      request,
      place,
      pods: [],
      isLetGo: false,
      isDeleted: false,
      isStopped: false,
    });
    return true;
  }

  letGo(attempt: string, place: string): void {
    const job = this.#find(attempt, place);
    if (job === null || job.isLetGo || job.isDeleted) return;
    job.isLetGo = true;
    this.#addPod(job);
  }

  stop(attempt: string, place: string, graceMs: number): void {
    const job = this.#find(attempt, place);
    if (job === null) return;
    job.isStopped = true;
    job.isDeleted ||= job.pods.length === 0;
    for (const pod of job.pods) pod.stop(graceMs, 'pod-deleted');
  }

  delete(attempt: string, place: string): void {
    const job = this.#find(attempt, place);
    if (job === null) return;
    job.isDeleted = true;
    for (const pod of job.pods) pod.stop(2_000, 'pod-deleted');
  }

  /** It makes another pod of the Job of this one, which may be alive. */
  replace({ attempt }: SimulatedPod): void {
    const job = this.#jobs.get(attempt);
    if (job !== undefined && !job.isDeleted && !job.isStopped && !isOver(job)) this.#addPod(job);
  }

  look(attempt: string, place: string): JobView {
    const job = this.#find(attempt, place);
    if (job === null) return { type: 'over', end: lost('node-lost', 'the Job is not there') };
    return isOver(job) ? { type: 'over', end: toEnd(job) } : { type: 'at-work' };
  }

  #find(attempt: string, place: string): PodJob | null {
    const job = this.#jobs.get(attempt);
    return job?.place === place ? job : null;
  }

  #addPod(job: PodJob): void {
    const pod = this.#makePod(job.request);
    job.pods.push(pod);
    this.pods.push(pod);
  }
}

function isOver({ pods, isLetGo, isDeleted }: PodJob): boolean {
  if (pods.length === 0) return isDeleted;
  return isLetGo && pods.every((pod) => pod.isOver || pod.isCalledLost);
}

/** What a platform can say: last words where there are any, else why it ended, and never how a command did. */
function toEnd({ pods, isStopped }: PodJob): CommandEnd {
  const cause = pods.map((pod) => pod.cause).find((one) => one !== null) ?? null;
  const hasBegun = pods.some((pod) => pod.hasBegun || pod.isCalledLost);
  const unborn = { started: false, retrySafe: true, cause: 'start-failed' } as const;
  const end = {
    ...lost(cause ?? 'process-lost', 'the pod ended, and nobody said how'),
    marked: isStopped,
    ...(hasBegun ? {} : unborn),
  };
  const pod = pods.find((one) => !one.isCalledLost && one.hasWords);
  if (pod === undefined) return end;
  const { view } = pod;
  return toEndBesideRunner(cause === null ? { type: 'exit', status: 1 } : end, {
    main: readMain(view),
    pod: view,
    isStopped,
  });
}

function lost(cause: PodCause | 'process-lost', message: string): Extract<CommandEnd, { type: 'platform' }> {
  return {
    type: 'platform',
    cause,
    started: 'unknown',
    retrySafe: false,
    message,
    status: null,
    marked: false,
    at: null,
  };
}
