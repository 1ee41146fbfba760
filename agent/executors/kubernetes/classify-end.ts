import type { Started } from '../../../protocol/attempt-result.ts';
import type { CommandEnd } from '../command-end.ts';
import type { PlatformCause } from '../platform-cause.ts';
import { type MainState, parseTime, readMain } from './main-container.ts';
import type { PendingLimits } from './pending-limits.ts';
import { type Condition, findCondition, hasHadPod, hasSucceeded, type JobView, type PodView } from './pod-view.ts';
import { readRunnerEnd, runnerContainer } from './runner-container.ts';

/** What was seen of an attempt in the cluster. Durations are by the agent's own clock. */
export interface Observation {
  /** Null: it is not there, for certain. */
  readonly job: JobView | null;
  /** As it was seen last; null where none ever was. */
  readonly pod: PodView | null;
  readonly isPodGone: boolean;
  /** The command was seen at work once, whatever the pod says now. */
  readonly sawRunning: boolean;
  /** Our stop was sent before the command was seen to have ended: it may be why. */
  readonly isStopped: boolean;
  /** Since the Job was let go. */
  readonly sinceReleasedMs: number;
  /** Since the pod waits for its image, or for its configuration. */
  readonly sinceWaitingMs: number;
  /** Since the pod's runner was seen to end again and again. */
  readonly sinceCrashingMs: number;
  /** Since the command was seen to have ended. */
  readonly sinceEndedMs: number;
  /** Since a pod that was deleted should have been gone, its grace included; 0 where that is not so. */
  readonly overdueMs: number;
  /** The last warning about the Job, for a person. */
  readonly warning: string | null;
}

export type PlatformEnd = Omit<Extract<CommandEnd, { type: 'platform' }>, 'marked' | 'at'>;
export type ExitEnd = { readonly type: 'exit'; readonly status: number };

/**
 * - `wait`: nothing to conclude; look again when something changes
 * - `end`: so it ended
 * - `give-up`: it may still begin, so it is to be deleted first; when it was gone without having run, so it ended
 */
export type Verdict =
  | { readonly type: 'wait' }
  | { readonly type: 'end'; readonly end: PlatformEnd | ExitEnd }
  | { readonly type: 'give-up'; readonly end: PlatformEnd };

/** Reasons of a waiting container that waiting alone does not change. Source: pkg/kubelet/{container,images,kuberuntime}. */
const brokenConfig = new Set([
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'PreCreateHookError',
  'PreStartHookError',
  'ImageInspectError',
  'RunContainerError',
]);
const missingImage = new Set(['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'SignatureValidationFailed']);
const wrongImageName = 'InvalidImageName';
const cannotStart = new Set(['StartError', 'ContainerCannotRun']);
/** The kubelet says so of a container that it cannot find: one that it lost, or that was never made. */
const madeUp = 'ContainerStatusUnknown';

/** The table of how an attempt ended, top to bottom, first match. Pure. */
export function classifyEnd(seen: Observation, limits: PendingLimits): Verdict {
  const { job, pod } = seen;
  const main = readMain(pod);
  if (pod !== null && (isPodOver(seen) || (main.type === 'ended' && seen.sinceEndedMs >= limits.settleMs))) {
    // Why somebody deleted it is said by the Job, and may come a moment later.
    const isUnexplained = wasCutShort(pod, main) && !seen.isStopped && job !== null && findFailure(job) === null;
    if (isUnexplained && seen.sinceEndedMs < limits.settleMs) return { type: 'wait' };
    return ended(toPodEnd(seen, pod, main));
  }
  if (job === null) return pod === null ? ended(toLost(seen)) : { type: 'wait' };
  const failed = findFailure(job);
  if (pod === null && hasSucceeded(job)) return ended({ type: 'exit', status: 0 });
  if (pod === null && failed !== null) return ended(toDeleted(seen, failed));
  if (pod === null) return toWithoutPod(seen, limits);
  if (seen.overdueMs >= limits.overdueMs) {
    const message = `the pod was to be gone ${toSeconds(seen.overdueMs)} ago, and its node ${pod.spec.nodeName ?? ''} did not say how its container ended`;
    return ended({ ...platform('node-lost', message), started: hasBegun(seen, main) ? true : 'unknown' });
  }
  if (seen.sinceCrashingMs >= limits.runnerMs && main.type !== 'ended') return toWithoutRunner(seen, pod);
  if (main.type === 'running' || main.type === 'ended' || pod.metadata.deletionTimestamp !== null)
    return { type: 'wait' };
  return toPending(seen, limits, { pod, main });
}

/** What a container waits for that may never come; null where it is only on its way. */
export function findHindrance(pod: PodView | null): 'image-name' | 'image' | 'config' | null {
  const reason = toHindrance(pod)?.reason;
  if (reason === undefined) return null;
  return reason === wrongImageName ? 'image-name' : brokenConfig.has(reason) ? 'config' : 'image';
}

/** Nothing more will be heard of its containers. */
function isPodOver({ pod, isPodGone }: Observation): boolean {
  return isPodGone || pod?.status.phase === 'Succeeded' || pod?.status.phase === 'Failed';
}

function ended(end: PlatformEnd | ExitEnd): Verdict {
  return { type: 'end', end };
}

function platform(cause: PlatformCause, message: string): PlatformEnd {
  return { type: 'platform', cause, started: true, retrySafe: false, message, status: null };
}

function hasBegun({ sawRunning }: Observation, main: MainState): boolean {
  return sawRunning || main.type === 'running' || (main.type === 'ended' && main.startedAt !== null);
}

/**
 * Only what is known not to have begun may say so: a pod that had no node when it was deleted, for none gets one after that, and one whose node's last
 * word was that the container was not made. A pod that is gone without that having been seen may have had a node meanwhile.
 */
function toStarted(seen: Observation, pod: PodView, main: MainState): Started {
  if (hasBegun(seen, main)) return true;
  if (main.type === 'ended') return main.wasMade && main.reason === madeUp ? 'unknown' : false;
  const isLastWord = pod.metadata.deletionTimestamp !== null || pod.status.phase === 'Failed';
  if (pod.spec.nodeName === null) return seen.isPodGone && !isLastWord ? 'unknown' : false;
  return main.type === 'waiting' && isLastWord && !seen.isPodGone ? false : 'unknown';
}

function toPodEnd(seen: Observation, pod: PodView, main: MainState): PlatformEnd | ExitEnd {
  const { status } = pod;
  const started = toStarted(seen, pod, main);
  const exit = main.type === 'ended' && started === true && main.reason !== madeUp ? main.exitCode : null;
  if (exit === 0 || (exit !== null && seen.isStopped)) return { type: 'exit', status: exit };
  const proof = { started, retrySafe: started === false, status: exit };
  const failed = findFailure(seen.job);
  if (failed?.reason === 'DeadlineExceeded') {
    return { ...platform('timeout', `the time that the Job may take was used up: ${failed.message}`), ...proof };
  }
  const disruption = findCondition(status.conditions, 'DisruptionTarget');
  if (disruption !== null) {
    return { ...platform('evicted', `the cluster took the pod away: ${toWords(disruption)}`), ...proof };
  }
  if (status.phase === 'Failed' && status.reason !== '') {
    const cause =
      status.reason === 'NodeLost' ? 'node-lost' : status.reason === 'DeadlineExceeded' ? 'timeout' : 'evicted';
    return { ...platform(cause, `the cluster ended the pod: ${toWords(status)}`), ...proof };
  }
  const init = started === true ? null : findFailedInit(pod);
  if (init !== null) return init;
  if (exit !== null && main.type === 'ended' && main.reason !== 'OOMKilled' && wasCutShort(pod, main)) {
    return { ...toDeleted(seen, failed), ...proof };
  }
  if (main.type === 'ended') return toMainEnd(main, proof);
  if (seen.isPodGone || pod.metadata.deletionTimestamp !== null) return { ...toDeleted(seen, failed), ...proof };
  const message = `the pod ended as ${status.phase} and says nothing of its container: ${toWords(status)}`;
  return { ...platform('process-lost', message), ...proof };
}

/** What a Job says of its failure; that it is about to fail comes before that it has. */
function findFailure(job: JobView | null): Condition | null {
  const { conditions = [] } = job?.status ?? {};
  return findCondition(conditions, 'Failed') ?? findCondition(conditions, 'FailureTarget');
}

/** It failed after somebody had asked for its deletion, by the clocks of the cluster. */
function wasCutShort({ metadata }: PodView, main: MainState): boolean {
  const deletedAt = parseTime(metadata.deletionTimestamp);
  if (deletedAt === null || main.type !== 'ended' || main.exitCode === 0) return false;
  const askedAt = deletedAt - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  return main.finishedAt === null || main.finishedAt >= askedAt;
}

function findFailedInit(pod: PodView): PlatformEnd | null {
  for (const { name, state } of pod.status.initContainerStatuses) {
    const { terminated } = state;
    if (name === runnerContainer || terminated === undefined || terminated.exitCode === 0) continue;
    const proof = { started: false, retrySafe: true };
    if (terminated.reason === 'OOMKilled') {
      return { ...platform('out-of-memory', `the init container ${name} was killed for its memory`), ...proof };
    }
    const said = terminated.message === '' ? '' : `: ${terminated.message}`;
    return {
      ...platform('start-failed', `the init container ${name} ended with ${terminated.exitCode}${said}`),
      ...proof,
    };
  }
  return null;
}

function toMainEnd(
  main: Extract<MainState, { type: 'ended' }>,
  proof: Pick<PlatformEnd, 'started' | 'retrySafe' | 'status'>,
): PlatformEnd | ExitEnd {
  if (main.reason === 'OOMKilled') {
    return {
      ...platform('out-of-memory', 'the container was killed for its memory (resources.limits.memory)'),
      ...proof,
    };
  }
  if (proof.started === true && main.reason !== madeUp) return { type: 'exit', status: main.exitCode };
  if (cannotStart.has(main.reason)) {
    const message = `the container could not be started: ${main.message === '' ? main.reason : main.message}`;
    // The same again the next time.
    return { ...platform('start-failed', message), started: false };
  }
  if (!main.wasMade) return { ...platform('pod-deleted', 'the pod was ended before its container was made'), ...proof };
  return { ...platform('node-lost', `the node does not know how the container ended: ${main.message}`), ...proof };
}

function toDeleted(
  seen: Observation,
  failed: { readonly reason: string; readonly message: string } | null,
): PlatformEnd {
  const started: Started = seen.sawRunning ? true : 'unknown';
  if (failed?.reason === 'DeadlineExceeded') {
    return { ...platform('timeout', `the time that the Job may take was used up: ${failed.message}`), started };
  }
  return { ...platform('pod-deleted', 'the pod was deleted from outside before its command had ended'), started };
}

function toLost(seen: Observation): PlatformEnd {
  const started: Started = seen.sawRunning ? true : 'unknown';
  const message =
    'the Job is not in the cluster any more: somebody deleted it, or it was kept no longer, and nobody can say how it ended';
  return { ...platform('process-lost', message), started };
}

function giveUp(cause: PlatformCause, message: string, retrySafe: boolean): Verdict {
  return { type: 'give-up', end: { ...platform(cause, message), started: false, retrySafe } };
}

function toWithoutPod(seen: Observation, limits: PendingLimits): Verdict {
  if (seen.sinceReleasedMs < limits.pendingMs) return { type: 'wait' };
  // Whoever was not there did not see it, and the Job has yet to say that it failed.
  if (seen.job !== null && hasHadPod(seen.job)) return { type: 'give-up', end: toDeleted(seen, null) };
  const why = seen.warning === null ? '' : `: ${seen.warning}`;
  const isQuota = seen.warning?.includes('exceeded quota') === true;
  const message = `the Job made no pod within ${toSeconds(seen.sinceReleasedMs)}${why}`;
  return giveUp(isQuota ? 'cluster-quota' : 'unschedulable', message, true);
}

/** Nobody would bring what the command prints, nor hear that it has ended. */
function toWithoutRunner(seen: Observation, pod: PodView): Verdict {
  const { isStarved = false, words = 'nothing is known of its end' } = readRunnerEnd(pod) ?? {};
  const cause = isStarved ? 'out-of-memory' : 'start-failed';
  return giveUp(
    cause,
    `the runner of the pod could not be kept alive for ${toSeconds(seen.sinceCrashingMs)}: ${words}`,
    true,
  );
}

function toPending(
  seen: Observation,
  limits: PendingLimits,
  { pod, main }: { readonly pod: PodView; readonly main: MainState },
): Verdict {
  const { sinceWaitingMs, sinceReleasedMs } = seen;
  const words = toWords(toHindrance(pod) ?? { reason: '', message: '' });
  switch (findHindrance(pod)) {
    case 'image-name':
      return giveUp('start-failed', `the image cannot be used: ${words}`, false);
    case 'config':
      if (sinceWaitingMs < limits.configMs) return { type: 'wait' };
      return giveUp('start-failed', `the container cannot be made: ${words}`, false);
    case 'image':
      if (sinceWaitingMs < limits.imageMs) return { type: 'wait' };
      return giveUp('image-pull', `the image could not be pulled within ${toSeconds(sinceWaitingMs)}: ${words}`, true);
    case null:
  }
  if (sinceReleasedMs < limits.pendingMs) return { type: 'wait' };
  const unplaced = pod.status.conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unplaced !== undefined) {
    return giveUp(
      'unschedulable',
      `no node took the pod within ${toSeconds(sinceReleasedMs)}: ${toWords(unplaced)}`,
      true,
    );
  }
  const said = main.type === 'waiting' ? toWords(main) : 'it says no reason';
  return giveUp('unschedulable', `the pod did not start within ${toSeconds(sinceReleasedMs)}: ${said}`, true);
}

function toHindrance(pod: PodView | null): { readonly reason: string; readonly message: string } | undefined {
  const statuses = pod === null ? [] : [...pod.status.containerStatuses, ...pod.status.initContainerStatuses];
  return statuses
    .map(({ state }) => state.waiting)
    .find((waiting) => waiting !== undefined && isHindrance(waiting.reason));
}

function isHindrance(reason: string): boolean {
  return reason === wrongImageName || brokenConfig.has(reason) || missingImage.has(reason);
}

function toWords({ reason, message }: { readonly reason: string; readonly message: string }): string {
  return [reason, message].filter((text) => text !== '').join(': ') || 'no reason given';
}

function toSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
