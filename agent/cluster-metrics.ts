import type { Metric } from '../runtime/metrics-text.ts';
import type { AgentStatus } from './agent-status.ts';

const states = ['beginning', 'current', 'stale'] as const;

/** Of nodes and apps. Without samples where no cluster is watched. */
export function toClusterMetrics({ at, clusters }: AgentStatus): readonly Metric[] {
  const kinds = clusters.flatMap((cluster) =>
    (['nodes', 'apps'] as const).map((resource) => ({
      labels: { cluster: cluster.name, resource },
      inventory: cluster[resource],
      known: cluster.known[resource],
    })),
  );
  return [
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
