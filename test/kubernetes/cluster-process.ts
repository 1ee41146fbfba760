import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeCluster } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';

/** A program of a cluster as a process that dies and comes back. */
export interface ClusterProcess {
  /** As when its machine loses power: no connection is closed in order. */
  kill(): Promise<void>;
  /** The same command again; resolves when the API server answers. */
  startAgain(): Promise<void>;
}

export async function findClusterProcess(
  cluster: KubeCluster,
  name: 'apiserver' | 'kubelet' | 'containerd',
): Promise<ClusterProcess> {
  const file = join(cluster.folder, 'pids', name);
  const readPid = async () => Number((await readFile(file, 'utf8')).split(' ', 1)[0]);
  const [program = '', ...args] = (await readFile(`/proc/${await readPid()}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  return {
    async kill() {
      const pid = await readPid();
      // What runs on the node is the child of what brought it there.
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
      for (const one of [
        ...children
          .split(' ')
          .filter((text) => text !== '')
          .map(Number),
        pid,
      ]) {
        killQuietly(one);
        await until('its end', async () => (await readStart(one)) === null);
      }
    },
    async startAgain() {
      const log = openSync(join(cluster.folder, 'log', `${name}.log`), 'a');
      const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] });
      child.unref();
      // What stops the cluster looks here for what it has to stop.
      await writeFile(file, `${child.pid} ${await readStart(child.pid ?? 0)}\n`);
      await until('its answer', () => cluster.kubectl('get', '--raw=/readyz').catch(() => null));
    },
  };
}

/** One that ends with its child is gone by then. */
function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** When a process began, in ticks since the boot; null where there is none, or it is over. */
async function readStart(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return words[0] === 'Z' ? null : (words[19] ?? null);
}
