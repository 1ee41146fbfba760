import { openKubeconfigAccess } from '../../../agent/kubernetes/access/kubeconfig-access.ts';
import { createKubernetesClient } from '../../../agent/kubernetes/create-client.ts';
import type { KubernetesClient } from '../../../agent/kubernetes/kubernetes-client.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createDirectOutlet } from '../../../runtime/network/outlet.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { FakeKubernetes } from '../../support/fake-kubernetes.ts';
import { writeKubeconfig } from './write-kubeconfig.ts';

export interface KubePlace extends AsyncDisposable {
  readonly server: FakeKubernetes;
  readonly client: KubernetesClient;
}

/** A fake API server, and a client that has logged in by a kubeconfig. */
export async function openKubePlace(
  rate: { readonly perSecond?: number; readonly burst?: number } = {},
): Promise<KubePlace> {
  const server = await FakeKubernetes.start();
  const path = writeKubeconfig(server, { user: { token: server.token } });
  const client = createKubernetesClient({
    access: openKubeconfigAccess({ path, context: null, environment: {}, clock: systemClock }),
    outlet: createDirectOutlet({ logger: silentLogger }),
    clock: systemClock,
    random: systemRandom,
    namespace: 'jobs',
    perSecond: rate.perSecond ?? 1000,
    burst: rate.burst ?? 1000,
  });
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
