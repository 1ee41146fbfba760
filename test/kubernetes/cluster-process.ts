import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signalProcess } from '../support/job-processes.ts';
import type { KubeCluster } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';

export type ClusterProgram = 'apiserver' | 'controller-manager' | 'scheduler' | 'etcd' | 'kubelet' | 'containerd';

/** One of the programs that a cluster is, as a process that dies and comes back. */
export interface ClusterProcess {
  /** As when its machine loses power: no connection is closed in order. */
  kill(): Promise<void>;
  /** The same command again; resolves when it answers. */
  startAgain(): Promise<void>;
  pause(): void;
  resume(): void;
}

export async function findClusterProcess(cluster: KubeCluster, name: ClusterProgram): Promise<ClusterProcess> {
  const file = join(cluster.folder, 'pids', name);
  let [pid = 0] = (await readFile(file, 'utf8')).split(' ', 1).map(Number);
  const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  // What runs on the node is the child of what entered it.
  const isOnNode = program === 'nsenter';
  const readChildren = async () =>
    (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean).map(Number);
  let pids = isOnNode ? await readChildren() : [pid];
  const signal = (with_: NodeJS.Signals) => {
    for (const one of pids) signalProcess(one, with_);
  };
  // Who entered the node stops itself with its child, and does not go on with it.
  const resume = () => {
    for (const one of [...pids, pid]) signalProcess(one, 'SIGCONT');
  };
  return {
    async kill() {
      signal('SIGKILL');
      resume();
      for (const one of [...pids, pid]) await until(`the end of ${name}`, async () => (await readStart(one)) === null);
    },
    async startAgain() {
      const log = openSync(join(cluster.folder, 'log', `${name}.log`), 'a');
      const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] });
      child.unref();
      pid = child.pid ?? 0;
      // What stops the cluster looks here for what it has to stop.
      await writeFile(file, `${pid} ${await readStart(pid)}\n`);
      if (isOnNode) pids = await until(`${name} on the node`, async () => toFound(await readChildren()));
      else pids = [pid];
      if (name === 'apiserver')
        await until('its answer', () => cluster.kubectl('get', '--raw=/readyz').catch(() => null));
    },
    pause: () => signal('SIGSTOP'),
    resume,
  };
}

function toFound(pids: readonly number[]): number[] | null {
  return pids.length === 0 ? null : [...pids];
}

/** When a process began, in ticks since the boot; null where there is none, or it is over. */
async function readStart(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return words[0] === 'Z' ? null : (words[19] ?? null);
}
