import { z } from 'zod';

const Text = z.string().default('');
const NullableText = z.string().nullable().default(null);

const Condition = z.object({ type: z.string(), status: z.string(), reason: Text, message: Text });
export type Condition = Readonly<z.infer<typeof Condition>>;

const ContainerState = z.object({
  waiting: z.object({ reason: Text, message: Text }).optional(),
  running: z.object({ startedAt: NullableText }).optional(),
  terminated: z
    .object({
      exitCode: z.int(),
      reason: Text,
      message: Text,
      startedAt: NullableText,
      finishedAt: NullableText,
    })
    .optional(),
});

const ContainerStatus = z.object({
  name: z.string(),
  /** Empty until the container was made on the node. */
  containerID: Text,
  state: ContainerState.default({}),
  /** Of the same container before it was started again. */
  lastState: ContainerState.default({}),
});
export type ContainerStatus = Readonly<z.infer<typeof ContainerStatus>>;

const Metadata = z.object({
  name: z.string(),
  namespace: Text,
  uid: z.string(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  deletionTimestamp: NullableText,
  deletionGracePeriodSeconds: z.number().nullable().default(null),
});

/** What is used of a pod. One that was made a moment ago has next to nothing of it. */
export const PodView = z.object({
  metadata: Metadata,
  spec: z.object({ nodeName: NullableText }),
  status: z
    .object({
      phase: Text,
      startTime: NullableText,
      reason: Text,
      message: Text,
      conditions: z.array(Condition).default([]),
      containerStatuses: z.array(ContainerStatus).default([]),
      initContainerStatuses: z.array(ContainerStatus).default([]),
    })
    .prefault({}),
});
export type PodView = Readonly<z.infer<typeof PodView>>;

/** What is used of a Job. */
export const JobView = z.object({
  metadata: Metadata,
  spec: z.object({ suspend: z.boolean().default(false) }),
  status: z
    .object({
      startTime: NullableText,
      active: z.int().default(0),
      terminating: z.int().default(0),
      failed: z.int().default(0),
      succeeded: z.int().default(0),
      /** Ended, and not counted yet. Uids. */
      uncountedTerminatedPods: z
        .object({ succeeded: z.array(z.string()).default([]), failed: z.array(z.string()).default([]) })
        .prefault({}),
      conditions: z.array(Condition).default([]),
    })
    .prefault({}),
});
export type JobView = Readonly<z.infer<typeof JobView>>;

/** The Job has seen its pod succeed: all of its containers ended with 0. A pod stays until it is counted here. */
export function hasSucceeded({ status }: JobView): boolean {
  return status.succeeded > 0 || status.uncountedTerminatedPods.succeeded.length > 0 || isComplete(status.conditions);
}

/** The Job has seen a pod of its own, whatever became of it. */
export function hasHadPod(job: JobView): boolean {
  const { active, terminating, failed, uncountedTerminatedPods } = job.status;
  return hasSucceeded(job) || active + terminating + failed + uncountedTerminatedPods.failed.length > 0;
}

function isComplete(conditions: readonly Condition[]): boolean {
  return ['Complete', 'SuccessCriteriaMet'].some((type) => findCondition(conditions, type) !== null);
}

/** The condition of that type when it says True. */
export function findCondition(conditions: readonly Condition[], type: string): Condition | null {
  return conditions.find((condition) => condition.type === type && condition.status === 'True') ?? null;
}
