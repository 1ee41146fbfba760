import { dummyKind } from './dummy/dummy-kind.ts';
import type { ExecutorKind } from './executor-kind.ts';
import { kubernetesKind } from './kubernetes/kubernetes-kind.ts';
import { processKind } from './process/process-kind.ts';

/** The executors that automations may name. */
export const builtInExecutors: readonly ExecutorKind[] = [processKind, dummyKind, kubernetesKind];
