import type { Metric } from '../runtime/metrics-text.ts';
import type { AgentStatus } from './agent-status.ts';

const states = ['beginning', 'current', 'stale'] as const;

/** Without samples where no cluster is used, or none watched. */
export function toClusterMetrics({ at, kubernetes, clusters }: AgentStatus): readonly Metric[] {
  const kinds = clusters.flatMap((cluster) =>
    (['nodes', 'apps'] as const).map((resource) => ({
      labels: { cluster: cluster.name, resource },
      inventory: cluster[resource],
      known: cluster.known[resource],
    })),
  );
  const one = (value: number | undefined) => (value === undefined ? [] : [{ value }]);
  return [
    {
      type: 'counter',
      name: 'farhand_agent_kubernetes_requests_total',
      help: 'Requests to the Kubernetes API, by what came of them.',
      samples: (kubernetes?.requests.requests ?? []).map(({ count, ...labels }) => ({ labels, value: count })),
    },
    {
      type: 'counter',
      name: 'farhand_agent_kubernetes_waited_seconds_total',
      help: 'Time that requests to the Kubernetes API waited for their turn.',
      samples: one(kubernetes === null ? undefined : kubernetes.requests.waitedMs / 1000),
    },
    {
      type: 'gauge',
      name: 'farhand_agent_kubernetes_streams',
      help: 'Watches and logs of the Kubernetes API that are open.',
      samples: one(kubernetes?.requests.streams),
    },
    {
      type: 'gauge',
      name: 'farhand_agent_kubernetes_missing_permissions',
      help: 'Permissions that the agent needs and has not.',
      samples: one(kubernetes?.missing.length),
    },
    {
      type: 'gauge',
      name: 'farhand_agent_cluster_state',
      help: 'How well nodes and apps of a cluster are known: 1 for the state that they are in.',
      samples: kinds.flatMap(({ labels, inventory }) =>
        states.map((state) => ({ labels: { ...labels, state }, value: inventory.state === state ? 1 : 0 })),
      ),
    },
    {
      type: 'gauge',
      name: 'farhand_agent_cluster_stale_seconds',
      help: 'How old what is known of nodes and apps of a cluster is; 0 while they are followed.',
      samples: kinds.map(({ labels, inventory }) => ({
        labels,
        value: inventory.state === 'current' ? 0 : (Date.parse(at) - Date.parse(inventory.since)) / 1000,
      })),
    },
    {
      type: 'gauge',
      name: 'farhand_agent_cluster_items',
      help: 'Nodes and apps of a cluster that the agent knows.',
      samples: kinds.map(({ labels, known }) => ({ labels, value: known.items })),
    },
    {
      type: 'counter',
      name: 'farhand_agent_cluster_lists_total',
      help: 'Times that nodes and apps of a cluster were listed whole.',
      samples: kinds.map(({ labels, known }) => ({ labels, value: known.lists })),
    },
    {
      type: 'gauge',
      name: 'farhand_agent_cluster_last_heard_timestamp_seconds',
      help: 'When the cluster last said anything of its nodes or apps, in seconds since 1970; 0 before the first.',
      samples: kinds.map(({ labels, known }) => ({
        labels,
        value: known.lastHeardAt === null ? 0 : Date.parse(known.lastHeardAt) / 1000,
      })),
    },
  ];
}
