import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeCluster } from '../../support/kube-cluster.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);
/** Of the distribution, where its packages are. */
const python = '/usr/bin/python3';
/** What a cluster collects behind a deletion, on a machine with other work. */
const collectMs = 120_000;

export interface ClusterInventory {
  /** Resolves once nothing is there that was not there at first; rejects with what is. */
  expectAsAtFirst(): Promise<void>;
}

/** Looks at what is in a cluster, by kubectl and by Debian's python3-kubernetes where it is installed. */
export async function takeInventory(cluster: KubeCluster, say: (line: string) => void): Promise<ClusterInventory> {
  const byPython = async () =>
    (await run(python, [join(import.meta.dirname, 'left-behind.py'), cluster.kubeconfig])).stdout.split('\n');
  const hasPython = await run(python, ['-c', 'import kubernetes']).then(
    () => true,
    () => false,
  );
  if (!hasPython) say('python3-kubernetes is not installed: only kubectl looks at what is left');
  const atFirst = new Set(hasPython ? await byPython() : []);
  return {
    async expectAsAtFirst() {
      const kinds = 'jobs,pods,secrets,configmaps';
      const selector = 'app.kubernetes.io/managed-by=farhand';
      let left = '';
      const look = async () => {
        left = await cluster.kubectl('get', kinds, '-A', '-l', selector, '-o', 'name');
        if (hasPython) left += (await byPython()).filter((line) => !atFirst.has(line)).join('\n');
        return left === '';
      };
      await until('nothing to be left in the cluster', look, collectMs).catch((cause: unknown) => {
        throw new Error(`left in the cluster: ${left}`, { cause });
      });
    },
  };
}
