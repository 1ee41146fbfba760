import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import type { Random } from '../../runtime/random.ts';
import type { ClusterAccess } from './access/cluster-access.ts';
import { openInClusterAccess } from './access/in-cluster.ts';
import { openKubeconfigAccess } from './access/kubeconfig-access.ts';
import { createKubernetesClient } from './create-client.ts';
import type { KubernetesClient } from './kubernetes-client.ts';
import type { KubernetesConfig } from './kubernetes-keys.ts';
import type { Permission } from './permissions.ts';

/** The Kubernetes that an agent uses. Disposing closes its connections. */
export interface Kubernetes extends AsyncDisposable {
  readonly client: KubernetesClient;
  /** What the cluster is called. */
  readonly cluster: string;
  readonly server: string;
  /** Where the credentials come from, for messages. */
  readonly from: string;
  /** What is switched on, and so must be allowed. */
  readonly features: readonly Permission['feature'][];
}

/** As the configuration says; null where it says off. Nothing is asked yet. Throws `ConfigError`. */
export function openKubernetes(
  config: KubernetesConfig,
  options: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly outlet: Outlet;
    readonly clock: Clock;
    readonly random: Random;
  },
): Kubernetes | null {
  const { kubernetes, kubernetesQps: perSecond, kubernetesBurst: burst } = config;
  if (kubernetes === 'off') return null;
  const access = openAccess({ ...config, kubernetes }, options);
  const namespace = config.kubernetesNamespace ?? access.namespace;
  const client = createKubernetesClient({ ...options, access, namespace, perSecond, burst });
  return {
    client,
    cluster: config.kubernetesCluster ?? access.cluster,
    server: access.server.href,
    from: access.from,
    features: config.kubernetesInventory ? ['jobs', 'inventory'] : ['jobs'],
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function openAccess(
  config: KubernetesConfig & { readonly kubernetes: 'in-cluster' | 'kubeconfig' },
  options: Parameters<typeof openKubernetes>[1],
): ClusterAccess {
  switch (config.kubernetes) {
    case 'in-cluster':
      return openInClusterAccess(options);
    case 'kubeconfig': {
      const path = config.kubeconfig ?? join(options.environment['HOME'] ?? '/', '.kube/config');
      return openKubeconfigAccess({ ...options, path, context: config.kubernetesContext });
    }
  }
}
