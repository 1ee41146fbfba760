import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { FakeKubernetes } from '../../support/fake-kubernetes.ts';

let written = 0;

/** A kubeconfig for the server, in its folder, with what is given put over it. */
export function writeKubeconfig(
  server: FakeKubernetes,
  given: { readonly user: object; readonly cluster?: object; readonly context?: object },
): string {
  written += 1;
  const path = join(server.folder, `kubeconfig-${written}`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [
      { name: 'broken', cluster: {} },
      { name: 'the cluster', cluster: { server: server.url, 'certificate-authority': 'ca.pem', ...given.cluster } },
    ],
    users: [{ name: 'somebody', user: given.user }],
    contexts: [{ name: 'here', context: { cluster: 'the cluster', user: 'somebody', ...given.context } }],
  };
  writeFileSync(path, stringify(config));
  return path;
}
