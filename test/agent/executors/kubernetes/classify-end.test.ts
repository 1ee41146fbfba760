import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifyEnd, type Observation, type Verdict } from '../../../../agent/executors/kubernetes/classify-end.ts';
import { JobView, PodView } from '../../../../agent/executors/kubernetes/pod-view.ts';

const limits = {
  pendingMs: 300_000,
  imageMs: 180_000,
  configMs: 30_000,
  runnerMs: 300_000,
  settleMs: 30_000,
  overdueMs: 120_000,
};
const startedAt = '2026-11-30T12:00:00Z';
const finishedAt = '2026-11-30T12:00:05Z';
const late = { startedAt, finishedAt: '2026-11-30T12:01:01Z' };
const never = { startedAt: null, finishedAt: null };
const epoch = { startedAt: '1970-01-01T00:00:00Z', finishedAt };

const job = (condition?: Readonly<Record<string, string>>) =>
  JobView.parse({
    metadata: { name: 'j', uid: 'u' },
    spec: {},
    ...(condition === undefined ? {} : { status: { conditions: [{ status: 'True', ...condition }] } }),
  });
const countedJob = (status: Readonly<Record<string, unknown>>) =>
  JobView.parse({ metadata: { name: 'j', uid: 'u' }, spec: {}, status });
const failedJob = (reason: string) => job({ type: 'Failed', reason, message: 'said the Job' });

function pod(
  status: Readonly<Record<string, unknown>>,
  { nodeName = 'n1' as string | null, deleted = false, main = null as object | null, id = 'containerd://1' } = {},
): PodView {
  const containerStatuses = main === null ? [] : [{ name: 'main', containerID: id, state: main }];
  const deletion = deleted ? { deletionTimestamp: '2026-11-30T12:01:00Z' } : {};
  return PodView.parse({
    metadata: { name: 'p', uid: 'pu', ...deletion },
    spec: { nodeName },
    status: { containerStatuses, ...status },
  });
}

const terminated = (
  exitCode: number,
  reason = exitCode === 0 ? 'Completed' : 'Error',
  times: object = { startedAt, finishedAt },
) => ({
  terminated: { exitCode, reason, message: '', ...times },
});
const waiting = (reason: string, message = '') => ({ waiting: { reason, message } });
const running = { running: { startedAt } };
const disrupted = (reason: string) => ({
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message: 'said so' }],
});

/** `isJustOver`: the node has not said yet that it waits before it starts it anew. */
function crashing(reason: string, { isJustOver = false } = {}): PodView {
  const ended = { terminated: { exitCode: 137, reason, message: '', startedAt, finishedAt } };
  const states = isJustOver
    ? { state: ended }
    : { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended };
  const runner = { name: 'farhand-runner', ...states };
  return pod({ phase: 'Running', initContainerStatuses: [runner] }, { main: running });
}

function classify(seen: Partial<Observation>): Verdict {
  return classifyEnd(
    {
      job: job(),
      pod: null,
      isPodGone: false,
      sawRunning: false,
      isStopped: false,
      sinceReleasedMs: 0,
      sinceWaitingMs: 0,
      sinceCrashingMs: 0,
      sinceEndedMs: 0,
      overdueMs: 0,
      warning: null,
      ...seen,
    },
    limits,
  );
}

/** Without the words: they are for people. */
function toEnd(verdict: Verdict): unknown {
  if (verdict.type === 'wait') return 'wait';
  const { end } = verdict;
  if (end.type === 'exit') return `exit ${end.status}`;
  return `${verdict.type} ${end.cause}, started ${end.started}, ${end.retrySafe ? 'retry' : 'no retry'}, status ${end.status}`;
}

const rows: readonly (readonly [string, Partial<Observation>, unknown])[] = [
  ['a runner that was down for a moment', { pod: crashing('OOMKilled'), sinceCrashingMs: limits.runnerMs - 1 }, 'wait'],
  [
    'a runner that is killed for its memory again and again',
    { pod: crashing('OOMKilled'), sinceCrashingMs: limits.runnerMs },
    'give-up out-of-memory, started false, retry, status null',
  ],
  [
    'a runner that was killed for its memory just now, again',
    { pod: crashing('OOMKilled', { isJustOver: true }), sinceCrashingMs: limits.runnerMs },
    'give-up out-of-memory, started false, retry, status null',
  ],
  [
    'a runner that ends again and again',
    { pod: crashing('Error'), sinceCrashingMs: limits.runnerMs },
    'give-up start-failed, started false, retry, status null',
  ],
  ['a pod that is not there yet', {}, 'wait'],
  ['success of a pod that nobody saw', { job: countedJob({ succeeded: 1 }), sinceReleasedMs: 1e9 }, 'exit 0'],
  ['success of a pod that nobody saw, told by a condition alone', { job: job({ type: 'Complete' }) }, 'exit 0'],
  ['the same, about to be told', { job: job({ type: 'SuccessCriteriaMet' }) }, 'exit 0'],
  ['the same, not counted yet', { job: countedJob({ uncountedTerminatedPods: { succeeded: ['x'] } }) }, 'exit 0'],
  ...(
    [{ active: 1 }, { terminating: 1 }, { failed: 1 }, { uncountedTerminatedPods: { failed: ['x'] } }] as const
  ).flatMap((status): (readonly [string, Partial<Observation>, unknown])[] => [
    [
      `a pod that only its Job has seen (${JSON.stringify(status)})`,
      { job: countedJob(status), sinceReleasedMs: limits.pendingMs - 1 },
      'wait',
    ],
    [
      `a pod that only its Job has seen (${JSON.stringify(status)}), after a while`,
      { job: countedJob(status), sinceReleasedMs: limits.pendingMs },
      'give-up pod-deleted, started unknown, no retry, status null',
    ],
  ]),
  ['a pod that has nothing but its name', { pod: pod({ phase: 'Pending' }, { nodeName: null }) }, 'wait'],
  [
    'a container that is being made',
    { pod: pod({ phase: 'Pending' }, { main: waiting('ContainerCreating') }) },
    'wait',
  ],
  ['a command at work', { pod: pod({ phase: 'Running' }, { main: running }), sinceReleasedMs: 1e9 }, 'wait'],
  ['a command that ended in a pod that goes on', { pod: pod({ phase: 'Running' }, { main: terminated(0) }) }, 'wait'],
  [
    'the same, after a while',
    { pod: pod({ phase: 'Running' }, { main: terminated(0) }), sinceEndedMs: limits.settleMs },
    'exit 0',
  ],
  ['success', { pod: pod({ phase: 'Succeeded' }, { main: terminated(0) }), job: job({ type: 'Complete' }) }, 'exit 0'],
  ['success in a pod that is gone', { pod: pod({}, { main: terminated(0) }), isPodGone: true, job: null }, 'exit 0'],
  ['a failure', { pod: pod({ phase: 'Failed' }, { main: terminated(3) }) }, 'exit 3'],
  ['a signal', { pod: pod({ phase: 'Failed' }, { main: terminated(143) }) }, 'exit 143'],
  [
    'a stop that we sent',
    { pod: pod({ phase: 'Failed', reason: 'DeadlineExceeded' }, { main: terminated(143) }), isStopped: true },
    'exit 143',
  ],
  [
    'a stop that we sent, with the cluster taking the pod as well',
    {
      pod: pod({ phase: 'Failed', ...disrupted('EvictionByEvictionAPI') }, { main: terminated(137) }),
      isStopped: true,
    },
    'exit 137',
  ],
  [
    'a pod that we stopped while it waited',
    {
      pod: pod({ phase: 'Failed' }, { main: terminated(137, 'ContainerStatusUnknown', never), id: '', deleted: true }),
      isStopped: true,
    },
    'end pod-deleted, started false, retry, status null',
  ],
  [
    "the deadline of the Job's own",
    { pod: pod({ phase: 'Failed' }, { main: terminated(137) }), job: failedJob('DeadlineExceeded') },
    'end timeout, started true, no retry, status 137',
  ],
  [
    'the deadline, with the pod gone',
    { pod: pod({}, { main: running }), isPodGone: true, sawRunning: true, job: failedJob('DeadlineExceeded') },
    'end timeout, started true, no retry, status null',
  ],
  [
    'the deadline, before there was a pod',
    { job: failedJob('DeadlineExceeded') },
    'end timeout, started unknown, no retry, status null',
  ],
  [
    'an eviction by the API while it ran',
    { pod: pod({ phase: 'Failed', ...disrupted('EvictionByEvictionAPI') }, { main: terminated(143) }) },
    'end evicted, started true, no retry, status 143',
  ],
  [
    'an eviction before the container was made',
    {
      pod: pod(
        { phase: 'Failed', ...disrupted('PreemptionByScheduler') },
        { main: waiting('ContainerCreating'), id: '' },
      ),
    },
    'end evicted, started false, retry, status null',
  ],
  [
    'an eviction that did not keep the command from its end',
    { pod: pod({ phase: 'Succeeded', ...disrupted('EvictionByEvictionAPI') }, { main: terminated(0) }) },
    'exit 0',
  ],
  [
    'pressure on the node',
    { pod: pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }, { main: terminated(137) }) },
    'end evicted, started true, no retry, status 137',
  ],
  [
    'pressure on the node, with no word of the container',
    { pod: pod({ phase: 'Failed', reason: 'Evicted' }) },
    'end evicted, started unknown, no retry, status null',
  ],
  [
    'a lost node',
    { pod: pod({ phase: 'Failed', reason: 'NodeLost' }) },
    'end node-lost, started unknown, no retry, status null',
  ],
  [
    'too much memory',
    { pod: pod({ phase: 'Failed' }, { main: terminated(137, 'OOMKilled') }) },
    'end out-of-memory, started true, no retry, status 137',
  ],
  [
    'too much memory of an init container',
    {
      pod: pod({
        phase: 'Failed',
        initContainerStatuses: [{ name: 'i', state: terminated(137, 'OOMKilled') }],
        containerStatuses: [{ name: 'main', state: waiting('PodInitializing') }],
      }),
    },
    'end out-of-memory, started false, retry, status null',
  ],
  [
    'an init container that failed',
    {
      pod: pod({
        phase: 'Failed',
        initContainerStatuses: [{ name: 'i', state: terminated(1) }],
        containerStatuses: [{ name: 'main', state: waiting('PodInitializing') }],
      }),
    },
    'end start-failed, started false, retry, status null',
  ],
  [
    'a program that the image does not have',
    { pod: pod({ phase: 'Failed' }, { main: terminated(128, 'StartError', epoch) }) },
    'end start-failed, started false, no retry, status null',
  ],
  ['a command that ends with 128 by itself', { pod: pod({ phase: 'Failed' }, { main: terminated(128) }) }, 'exit 128'],
  [
    'a container that the node lost',
    { pod: pod({ phase: 'Failed' }, { main: terminated(137, 'ContainerStatusUnknown', never) }), sawRunning: true },
    'end node-lost, started true, no retry, status null',
  ],
  [
    'the same, never seen at work',
    { pod: pod({ phase: 'Failed' }, { main: terminated(137, 'ContainerStatusUnknown', never) }) },
    'end node-lost, started unknown, no retry, status null',
  ],
  [
    'an image that has no such name',
    { pod: pod({ phase: 'Pending' }, { main: waiting('InvalidImageName') }) },
    'give-up start-failed, started false, no retry, status null',
  ],
  [
    'a wrong configuration',
    { pod: pod({ phase: 'Pending' }, { main: waiting('CreateContainerConfigError') }) },
    'wait',
  ],
  [
    'a wrong configuration, after a while',
    {
      pod: pod({ phase: 'Pending' }, { main: waiting('CreateContainerConfigError') }),
      sinceWaitingMs: limits.configMs,
    },
    'give-up start-failed, started false, no retry, status null',
  ],
  [
    'an image that does not come',
    { pod: pod({ phase: 'Pending' }, { main: waiting('ErrImagePull') }), sinceWaitingMs: 100_000 },
    'wait',
  ],
  [
    'an image that does not come for long',
    { pod: pod({ phase: 'Pending' }, { main: waiting('ImagePullBackOff') }), sinceWaitingMs: limits.imageMs },
    'give-up image-pull, started false, retry, status null',
  ],
  [
    'an image of an init container that does not come',
    {
      pod: pod({
        phase: 'Pending',
        initContainerStatuses: [{ name: 'i', state: waiting('ImagePullBackOff') }],
        containerStatuses: [{ name: 'main', state: waiting('PodInitializing') }],
      }),
      sinceWaitingMs: limits.imageMs,
    },
    'give-up image-pull, started false, retry, status null',
  ],
  [
    'no room on any node',
    {
      pod: pod(
        { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
        { nodeName: null },
      ),
      sinceReleasedMs: limits.pendingMs,
    },
    'give-up unschedulable, started false, retry, status null',
  ],
  [
    'a container that is being made for ever',
    { pod: pod({ phase: 'Pending' }, { main: waiting('ContainerCreating') }), sinceReleasedMs: limits.pendingMs },
    'give-up unschedulable, started false, retry, status null',
  ],
  [
    'no pod for long',
    { sinceReleasedMs: limits.pendingMs },
    'give-up unschedulable, started false, retry, status null',
  ],
  [
    'no pod because of a quota',
    { sinceReleasedMs: limits.pendingMs, warning: 'pods "x" is forbidden: exceeded quota: small' },
    'give-up cluster-quota, started false, retry, status null',
  ],
  [
    'a pod that somebody deleted while it ran',
    {
      pod: pod({ phase: 'Running' }, { main: running, deleted: true }),
      isPodGone: true,
      sawRunning: true,
      job: failedJob('BackoffLimitExceeded'),
    },
    'end pod-deleted, started true, no retry, status null',
  ],
  [
    'a pod that somebody deleted, and its last word, before the Job says why',
    { pod: pod({ phase: 'Failed' }, { main: terminated(143, 'Error', late), deleted: true }) },
    'wait',
  ],
  [
    'the same, with the word of the Job',
    {
      pod: pod({ phase: 'Failed' }, { main: terminated(143, 'Error', late), deleted: true }),
      job: failedJob('BackoffLimitExceeded'),
    },
    'end pod-deleted, started true, no retry, status 143',
  ],
  [
    'a deadline that is about to be told',
    {
      pod: pod({ phase: 'Failed' }, { main: terminated(143, 'Error', late), deleted: true }),
      job: job({ type: 'FailureTarget', reason: 'DeadlineExceeded', message: 'said the Job' }),
    },
    'end timeout, started true, no retry, status 143',
  ],
  [
    'a failure of its own, deleted afterwards',
    { pod: pod({ phase: 'Failed' }, { main: terminated(3), deleted: true }), isPodGone: true },
    'exit 3',
  ],
  [
    'a pod that somebody deleted before it had a node',
    { pod: pod({ phase: 'Pending' }, { nodeName: null, deleted: true }), isPodGone: true },
    'end pod-deleted, started false, retry, status null',
  ],
  [
    'a pod that had no node when it was seen last, and is gone',
    { pod: pod({ phase: 'Pending' }, { nodeName: null }), isPodGone: true },
    'end pod-deleted, started unknown, no retry, status null',
  ],
  [
    'a pod that somebody deleted while its container was being made',
    { pod: pod({ phase: 'Pending' }, { main: waiting('ContainerCreating'), id: '' }), isPodGone: true },
    'end pod-deleted, started unknown, no retry, status null',
  ],
  [
    'a pod that nobody saw',
    { job: failedJob('BackoffLimitExceeded') },
    'end pod-deleted, started unknown, no retry, status null',
  ],
  [
    'a pod that should be gone, on a node that is not heard of',
    { pod: pod({ phase: 'Running' }, { main: running, deleted: true }), sawRunning: true, overdueMs: limits.overdueMs },
    'end node-lost, started true, no retry, status null',
  ],
  ['a Job that is gone', { job: null }, 'end process-lost, started unknown, no retry, status null'],
  [
    'a Job that is gone, seen at work',
    { job: null, sawRunning: true },
    'end process-lost, started true, no retry, status null',
  ],
  [
    'a Job that is gone while its pod ends',
    { job: null, pod: pod({ phase: 'Running' }, { main: running, deleted: true }) },
    'wait',
  ],
  [
    'a pod that says nothing',
    { pod: pod({ phase: 'Failed' }), job: failedJob('BackoffLimitExceeded') },
    'end process-lost, started unknown, no retry, status null',
  ],
];

describe('how an attempt ended in the cluster', () => {
  for (const [what, seen, expected] of rows) {
    it(`is told of ${what}`, () => {
      assert.equal(toEnd(classify(seen)), expected);
    });
  }

  it('says what the cluster said', () => {
    const unschedulable = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: '0/1 nodes: no cpu',
    };
    const verdict = classify({
      pod: pod({ phase: 'Pending', conditions: [unschedulable] }, { nodeName: null }),
      sinceReleasedMs: limits.pendingMs,
    });

    assert.ok(verdict.type === 'give-up');
    assert.equal(verdict.end.message, 'no node took the pod within 300 s: Unschedulable: 0/1 nodes: no cpu');
  });
});
