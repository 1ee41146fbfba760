import type { HistogramSample, Metric, MetricSample } from '../runtime/metrics-text.ts';
import type { AgentStatus } from './agent-status.ts';

const watchStates = ['beginning', 'current', 'stale'] as const;

function gauge(name: string, help: string, samples: readonly MetricSample[]): Metric {
  return { type: 'gauge', name: `farhand_agent_kubernetes_${name}`, help, samples };
}

function counter(name: string, help: string, samples: readonly MetricSample[]): Metric {
  return { type: 'counter', name: `farhand_agent_kubernetes_${name}`, help, samples };
}

function histogram(name: string, help: string, samples: readonly HistogramSample[]): Metric {
  return { type: 'histogram', name: `farhand_agent_kubernetes_${name}`, help, samples };
}

function one(value: number | undefined): readonly MetricSample[] {
  return value === undefined ? [] : [{ value }];
}

function by(label: string, counts: Readonly<Record<string, number>> | undefined): readonly MetricSample[] {
  return Object.entries(counts ?? {}).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

/** Of the API that the agent calls, and of the Jobs that it runs there. Without samples where no cluster is used. */
export function toKubernetesMetrics({ kubernetes }: Pick<AgentStatus, 'kubernetes'>): readonly Metric[] {
  const { connection, requests, missing } = kubernetes ?? {};
  const { states, counts, watches: followed = [] } = kubernetes?.jobs ?? {};
  const isConnected = connection === undefined ? undefined : connection.state === 'connected' ? 1 : 0;
  const watches = followed.map(({ resource, namespace, ...watch }) => ({
    labels: { namespace: namespace ?? '', resource },
    watch,
  }));
  return [
    gauge('connected', '1 while the Kubernetes API answers, by the last call.', one(isConnected)),
    counter(
      'requests_total',
      'Requests to the Kubernetes API, by what came of them.',
      (requests?.requests ?? []).map(({ count, ...labels }) => ({ labels, value: count })),
    ),
    counter('waits_total', 'Requests to the Kubernetes API that had to wait for their turn.', one(requests?.waits)),
    counter(
      'waited_seconds_total',
      'Time that requests to the Kubernetes API waited for their turn.',
      one(requests === undefined ? undefined : requests.waitedMs / 1000),
    ),
    gauge('streams', 'Watches and logs of the Kubernetes API that are open.', one(requests?.streams)),
    gauge('missing_permissions', 'Permissions that the agent needs and has not.', one(missing?.length)),
    gauge('jobs', 'Jobs of the cluster that the agent follows, by where they are.', by('state', states)),
    counter('jobs_ended_total', 'Jobs of the cluster that ended, by why.', by('cause', counts?.ended)),
    counter(
      'jobs_adopted_total',
      'Attempts that an earlier call or agent had begun in the cluster, by what was found there.',
      by('found', counts?.adopted),
    ),
    counter('jobs_swept_total', 'Jobs of no attempt that were deleted.', one(counts?.swept)),
    counter('log_gaps_total', 'Gaps in logs that were read from the cluster, by why.', by('why', counts?.gaps)),
    histogram(
      'start_seconds',
      'Time from letting a Job go to seeing its command at work.',
      counts === undefined ? [] : [counts.start],
    ),
    gauge(
      'watch_state',
      'How well the Jobs and pods of the agent are known: 1 for the state that they are in.',
      watches.flatMap(({ labels, watch }) =>
        watchStates.map((state) => ({ labels: { ...labels, state }, value: watch.state === state ? 1 : 0 })),
      ),
    ),
    counter(
      'watch_lists_total',
      'Times that the Jobs or pods of the agent were listed whole.',
      watches.map(({ labels, watch }) => ({ labels, value: watch.lists })),
    ),
    counter(
      'watches_total',
      'Watches of the Jobs or pods of the agent that were begun.',
      watches.map(({ labels, watch }) => ({ labels, value: watch.watches })),
    ),
    gauge(
      'watch_last_heard_timestamp_seconds',
      'When the cluster last said anything of the Jobs or pods, in seconds since 1970; 0 before the first.',
      watches.map(({ labels, watch }) => ({
        labels,
        value: watch.lastHeardAt === null ? 0 : Date.parse(watch.lastHeardAt) / 1000,
      })),
    ),
  ];
}
