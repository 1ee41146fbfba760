import type { AppReport } from '../../../protocol/app.ts';

export type AppKind = 'deployment' | 'statefulset' | 'daemonset';
export type AppCounts = AppReport['instances'];

interface AppObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
}

/** Which field of a status says what. Counters that are zero are left out by the API server. */
const fields = {
  deployment: {
    running: 'replicas',
    updated: 'updatedReplicas',
    ready: 'readyReplicas',
    available: 'availableReplicas',
  },
  statefulset: {
    running: 'replicas',
    updated: 'updatedReplicas',
    ready: 'readyReplicas',
    available: 'availableReplicas',
  },
  daemonset: {
    running: 'currentNumberScheduled',
    updated: 'updatedNumberScheduled',
    ready: 'numberReady',
    available: 'numberAvailable',
  },
} as const satisfies Readonly<Record<AppKind, object>>;

/** How many instances are wanted, and how many there are. A DaemonSet wants one for each node that fits. */
export function readCounts(kind: AppKind, { spec, status }: AppObject): AppCounts {
  const named = fields[kind];
  return {
    wanted: kind === 'daemonset' ? toCount(status['desiredNumberScheduled'], 0) : toCount(spec['replicas'], 1),
    running: toCount(status[named.running], 0),
    updated: toCount(status[named.updated], 0),
    ready: toCount(status[named.ready], 0),
    available: toCount(status[named.available], 0),
  };
}

function toCount(value: unknown, otherwise: number): number {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : otherwise;
}
