import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../runtime/clock.ts';
import { ConfigError } from '../../../runtime/configuration/config-error.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { createClusterTrust } from './cluster-trust.ts';
import { createPemFile } from './pem-source.ts';
import { createTokenFile } from './token-file.ts';

/** Where the kubelet puts the credentials of a pod's service account. */
const usualFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The way of a pod into its own cluster. Source: Kubernetes documentation, "Accessing the Kubernetes API from a Pod". Throws `ConfigError`. */
export function openInClusterAccess(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly folder?: string;
}): ClusterAccess {
  const { environment, clock, folder = usualFolder } = options;
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  const isPod = host !== '' && /^\d{1,5}$/.test(port);
  const namespace = isPod ? readSmall(join(folder, 'namespace')) : null;
  const token = isPod ? readSmall(join(folder, 'token')) : null;
  if (!isPod || namespace === null || token === null) {
    throw new ConfigError([
      `FARHAND_KUBERNETES: expected a pod with a service account for in-cluster, got ${
        isPod
          ? `no token in ${folder} (automountServiceAccountToken: true in the pod's spec?)`
          : 'no KUBERNETES_SERVICE_HOST in the environment'
      }. Outside of a pod use kubeconfig`,
    ]);
  }
  const file = createTokenFile(join(folder, 'token'), { clock });
  const trust = createClusterTrust({
    ca: createPemFile(join(folder, 'ca.crt')),
    certificate: () => null,
    hasClientCertificate: false,
    serverName: null,
    verifies: true,
    hints: {
      ca: `the CA of the cluster is read from ${join(folder, 'ca.crt')}`,
      certificate: 'a pod has none: use a kubeconfig',
      serverName: 'a kubeconfig with tls-server-name',
    },
  });
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    cluster: 'kubernetes',
    namespace,
    from: `the service account in ${folder}`,
    proxy: null,
    trust,
    authorize: async () => ({ header: `Bearer ${await file.read()}`, identity: '' }),
    refused: () => file.forget(),
  };
}

/** Null where there is none, or nothing in it. */
function readSmall(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}
