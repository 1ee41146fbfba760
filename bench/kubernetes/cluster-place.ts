import type { Bench } from '../bench.ts';
import { createPlace, type Place } from '../place.ts';
import type { Cluster } from './cluster.ts';
import { machineMomentCommand } from './machine-moment.ts';

/** The node has it. */
export const jobImage = 'localhost/busybox:1';

/** A hub, and an agent whose automations are Jobs of the cluster: `moment`, `nothing`, `rest`. `runner`: the image that runs beside each; null for none. */
export interface ClusterPlace extends Place {
  /** The agent's own metrics, as text. */
  agentMetrics(): Promise<string>;
}

export async function createClusterPlace(
  bench: Bench,
  { cluster, slots, runner }: { readonly cluster: Cluster; readonly slots: number; readonly runner: string | null },
): Promise<ClusterPlace> {
  const job = (...run: readonly string[]) => ({
    kind: 'command',
    run,
    executor: 'kubernetes',
    kubernetes: { image: jobImage },
  });
  const place = await createPlace(bench, {
    slots,
    probes: 'none',
    automations: { moment: job(...machineMomentCommand), nothing: job('true'), rest: job('sleep', '3600') },
    agentEnvironment: ({ address }) => ({
      FARHAND_KUBERNETES: 'kubeconfig',
      FARHAND_KUBECONFIG: cluster.kubeconfig,
      FARHAND_STATUS_LISTEN: '127.0.0.1:0',
      ...(runner === null
        ? {}
        : {
            FARHAND_KUBERNETES_RUNNER_IMAGE: runner,
            FARHAND_KUBERNETES_HUB_URL: `ws://${cluster.host}:${new URL(address).port}`,
            FARHAND_INSECURE: 'true',
          }),
    }),
  });
  return {
    ...place,
    agentMetrics: async () => (await fetch(`${place.agent.address}/metrics`)).text(),
  };
}
