import type { Started } from '../../../protocol/attempt-result.ts';
import type { CommandEnd } from '../command-end.ts';
import type { PlatformCause } from '../platform-cause.ts';
import { type MainState, readMain } from './main-container.ts';
import { findCondition, type JobView, type PodView } from './pod-view.ts';

/** What was seen of an attempt in the cluster. Durations are by the agent's own clock. */
export interface Observation {
  /** Null: it is not there, for certain. */
  readonly job: JobView | null;
  /** As it was seen last; null where none ever was. */
  readonly pod: PodView | null;
  readonly isPodGone: boolean;
  /** The command was seen at work once, whatever the pod says now. */
  readonly sawRunning: boolean;
  /** When our deletion was sent before the command was seen to have ended: what stopped it is why it ended. */
  readonly isStopped: boolean;
  /** Since the Job was let go. */
  readonly sinceReleasedMs: number;
  /** Since the pod waits for the same reason. */
  readonly sinceWaitingMs: number;
  /** Since the command was seen to have ended. */
  readonly sinceEndedMs: number;
  /** Since the pod's node was heard of last; 0 where it is, or nobody can know. */
  readonly nodeSilentMs: number;
  /** The last warning about the Job or its pod, for a person. */
  readonly warning: string | null;
}

export interface PendingLimits {
  /** For capacity, and for a pod to be made at all. */
  readonly pendingMs: number;
  readonly imageMs: number;
  readonly configMs: number;
  /** After the command's own end, for the rest of the pod. */
  readonly settleMs: number;
  readonly nodeMs: number;
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
const cannotStart = new Set(['StartError', 'ContainerCannotRun']);
/** The kubelet lost the container, and makes up a status. */
const madeUp = 'ContainerStatusUnknown';

/** The table of how an attempt ended, top to bottom, first match. Pure. */
export function classifyEnd(seen: Observation, limits: PendingLimits): Verdict {
  const { job, pod } = seen;
  const main = readMain(pod);
  const isOver = isPodOver(seen) || (main.type === 'ended' && seen.sinceEndedMs >= limits.settleMs);
  if (job === null && !isOver) return pod === null || seen.isPodGone ? ended(toLost(seen)) : { type: 'wait' };
  if (pod !== null && isOver) return ended(toPodEnd(seen, pod, main));
  const failed = job === null ? null : findCondition(job.status.conditions, 'Failed');
  if (failed !== null && (pod === null || seen.isPodGone)) return ended(toDeleted(seen, failed.reason, failed.message));
  if (pod === null) return toWithoutPod(seen, limits);
  if (main.type === 'running' || main.type === 'ended' || pod.metadata.deletionTimestamp !== null) {
    if (seen.nodeSilentMs < limits.nodeMs) return { type: 'wait' };
    const message = `the node ${pod.spec.nodeName ?? ''} that ran the pod was not heard of for ${toSeconds(seen.nodeSilentMs)}`;
    return ended({ ...platform('node-lost', message), started: 'unknown' });
  }
  return toPending(seen, limits, main);
}

/** Whether nothing more will be heard of the pod's containers. */
function isPodOver({ pod, isPodGone }: Observation): boolean {
  return pod !== null && (isPodGone || pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed');
}

function ended(end: PlatformEnd | ExitEnd): Verdict {
  return { type: 'end', end };
}

function platform(cause: PlatformCause, message: string): PlatformEnd {
  return { type: 'platform', cause, started: true, retrySafe: false, message, status: null };
}

/** Only what is known not to have run may say so. */
function asSeen({ sawRunning }: Observation, main: MainState): boolean {
  return sawRunning || main.type === 'running' || (main.type === 'ended' && main.startedAt !== null);
}

function toPodEnd(seen: Observation, pod: PodView, main: MainState): PlatformEnd | ExitEnd {
  const { status } = pod;
  if (main.type === 'ended' && main.exitCode === 0 && main.reason !== madeUp) return { type: 'exit', status: 0 };
  const began = asSeen(seen, main);
  const exit = main.type === 'ended' && began && main.reason !== madeUp ? main.exitCode : null;
  const proof = { started: began, retrySafe: !began, status: exit };
  if (seen.isStopped && exit !== null) return { type: 'exit', status: exit };

  const jobFailed = seen.job === null ? null : findCondition(seen.job.status.conditions, 'Failed');
  if (jobFailed?.reason === 'DeadlineExceeded') {
    return { ...platform('timeout', `the Job's activeDeadlineSeconds were used up: ${jobFailed.message}`), ...proof };
  }
  const disruption = findCondition(status.conditions, 'DisruptionTarget');
  if (disruption !== null) {
    return { ...platform('evicted', `the cluster took the pod away: ${toWords(disruption)}`), ...proof };
  }
  if (status.phase === 'Failed' && status.reason !== '' && main.type !== 'ended') {
    // Without a word of the container nobody knows how far it came, unless it never had a node.
    const started: Started = began ? true : pod.spec.nodeName !== null && main.type !== 'waiting' ? 'unknown' : false;
    const cause =
      status.reason === 'NodeLost' ? 'node-lost' : status.reason === 'DeadlineExceeded' ? 'timeout' : 'evicted';
    return {
      ...platform(cause, `the cluster ended the pod: ${toWords(status)}`),
      started,
      retrySafe: started === false,
    };
  }
  if (status.phase === 'Failed' && status.reason === 'Evicted') {
    return { ...platform('evicted', `the cluster ended the pod: ${toWords(status)}`), ...proof };
  }
  const init = findFailedInit(pod);
  if (init !== null && !began) return init;
  if (main.type === 'ended') return toMainEnd(seen, main, proof);
  if (seen.isPodGone) return toDeleted(seen, jobFailed?.reason ?? '', jobFailed?.message ?? '');
  const message = `the pod ended as ${status.phase} and says nothing of its container: ${toWords(status)}`;
  return { ...platform('process-lost', message), started: began || 'unknown' };
}

function findFailedInit(pod: PodView): PlatformEnd | null {
  for (const { name, state } of pod.status.initContainerStatuses) {
    const { terminated } = state;
    if (terminated === undefined || terminated.exitCode === 0) continue;
    const proof = { started: false, retrySafe: true, status: null };
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
  seen: Observation,
  main: Extract<MainState, { type: 'ended' }>,
  proof: Pick<PlatformEnd, 'started' | 'retrySafe' | 'status'>,
): PlatformEnd | ExitEnd {
  if (main.reason === 'OOMKilled') {
    return {
      ...platform('out-of-memory', 'the kernel killed the container for its memory (resources.limits.memory)'),
      ...proof,
    };
  }
  if (main.reason === madeUp) {
    return {
      ...platform('node-lost', `the node does not know how the container ended: ${main.message}`),
      started: seen.sawRunning || main.startedAt !== null || 'unknown',
    };
  }
  if (cannotStart.has(main.reason) && !seen.sawRunning) {
    const message = `the container could not be started: ${main.message === '' ? main.reason : main.message}`;
    return { ...platform('start-failed', message), started: false };
  }
  if (seen.isPodGone && main.startedAt === null) return toDeleted(seen, '', '');
  return { type: 'exit', status: main.exitCode };
}

/** The pod is gone, or was never seen, and the Job has failed. */
function toDeleted(seen: Observation, reason: string, message: string): PlatformEnd {
  const { pod } = seen;
  const main = readMain(pod);
  // One that never had a node, or was seen waiting last, did not run: what comes between is not known.
  const began = asSeen(seen, main);
  const started: Started = began ? true : pod !== null && isProvedWaiting(pod, main) ? false : 'unknown';
  const proof = { started, retrySafe: started === false };
  if (reason === 'DeadlineExceeded')
    return { ...platform('timeout', `the Job's activeDeadlineSeconds were used up: ${message}`), ...proof };
  return { ...platform('pod-deleted', 'the pod was deleted from outside before the command had ended'), ...proof };
}

/** Deleted before it had a node, or while the kubelet still said that the container waits. */
function isProvedWaiting(pod: PodView, main: MainState): boolean {
  if (main.type === 'ended') return main.startedAt === null && main.reason !== madeUp;
  if (pod.spec.nodeName === null) return true;
  return main.type === 'waiting' && pod.metadata.deletionTimestamp !== null;
}

function toLost(seen: Observation): PlatformEnd {
  const started: Started = asSeen(seen, readMain(seen.pod)) || 'unknown';
  const message =
    'the Job is not in the cluster any more: somebody deleted it, or it was kept no longer, and nobody can say how it ended';
  return { ...platform('process-lost', message), started };
}

function toWithoutPod(seen: Observation, limits: PendingLimits): Verdict {
  if (seen.sinceReleasedMs < limits.pendingMs) return { type: 'wait' };
  const why = seen.warning === null ? '' : `: ${seen.warning}`;
  const isQuota = seen.warning !== null && /exceeded quota/.test(seen.warning);
  const message = `the Job made no pod within ${toSeconds(seen.sinceReleasedMs)}${why}`;
  return giveUp(isQuota ? 'cluster-quota' : 'unschedulable', message, true);
}

function giveUp(cause: PlatformCause, message: string, retrySafe: boolean): Verdict {
  return { type: 'give-up', end: { ...platform(cause, message), started: false, retrySafe } };
}

function toPending(seen: Observation, limits: PendingLimits, main: MainState): Verdict {
  const { pod, sinceWaitingMs } = seen;
  const statuses = pod?.status.initContainerStatuses ?? [];
  const init = statuses.find(({ state }) => state.waiting !== undefined && isTelling(state.waiting.reason));
  const waiting = main.type === 'waiting' && isTelling(main.reason) ? main : (init?.state.waiting ?? null);
  if (waiting !== null) {
    const words = toWords(waiting);
    if (waiting.reason === 'InvalidImageName')
      return giveUp('start-failed', `the image cannot be used: ${words}`, false);
    if (brokenConfig.has(waiting.reason)) {
      if (sinceWaitingMs < limits.configMs) return { type: 'wait' };
      return giveUp('start-failed', `the container cannot be made: ${words}`, false);
    }
    if (sinceWaitingMs < limits.imageMs) return { type: 'wait' };
    return giveUp('image-pull', `the image could not be pulled within ${toSeconds(limits.imageMs)}: ${words}`, true);
  }
  if (seen.sinceReleasedMs < limits.pendingMs) return { type: 'wait' };
  const scheduled = pod?.status.conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (scheduled !== undefined) {
    return giveUp(
      'unschedulable',
      `no node took the pod within ${toSeconds(seen.sinceReleasedMs)}: ${toWords(scheduled)}`,
      true,
    );
  }
  const said = main.type === 'waiting' ? toWords(main) : (seen.warning ?? 'the pod says nothing more');
  return giveUp('unschedulable', `the pod did not start within ${toSeconds(seen.sinceReleasedMs)}: ${said}`, true);
}

function isTelling(reason: string): boolean {
  return reason === 'InvalidImageName' || brokenConfig.has(reason) || missingImage.has(reason);
}

function toWords({ reason, message }: { readonly reason: string; readonly message: string }): string {
  if (reason === '' || message === '') return reason === '' && message === '' ? 'no reason given' : reason + message;
  return `${reason}: ${message}`;
}

function toSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
