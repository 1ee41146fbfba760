import { createJobCounter } from '../../agent/executors/kubernetes/job-counts.ts';
import type { ClusterAccountStatus } from '../../agent/kubernetes/cluster-account.ts';

/** What an agent says of a cluster that it uses and that answers, with one Job at work. */
export function toClusterAccountStatus(change: Partial<ClusterAccountStatus> = {}): ClusterAccountStatus {
  const at = '2026-11-30T12:00:00.000Z';
  const watch = {
    namespace: 'jobs',
    state: 'current',
    since: at,
    error: null,
    items: 1,
    lists: 1,
    watches: 2,
    events: 5,
    lastHeardAt: at,
  } as const;
  return {
    cluster: 'edge',
    server: 'https://10.0.0.1:6443/',
    from: 'the service account of the pod',
    namespace: 'jobs',
    connection: { state: 'connected', since: at, error: null },
    checkedAt: at,
    missing: [],
    error: null,
    requests: {
      requests: [{ verb: 'create', resource: 'jobs', code: '201', count: 3 }],
      waits: 2,
      waitedMs: 1500,
      streams: 3,
    },
    jobs: {
      states: { pending: 0, running: 1, stopping: 0, ending: 0 },
      counts: createJobCounter().counts,
      sweep: { done: true, error: null },
      watches: [
        { resource: 'jobs', ...watch },
        { resource: 'pods', ...watch },
      ],
    },
    ...change,
  };
}
