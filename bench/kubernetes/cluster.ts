import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openKubeconfigAccess } from '../../agent/kubernetes/access/kubeconfig-access.ts';
import { createKubernetesClient } from '../../agent/kubernetes/create-client.ts';
import type { KubernetesClient } from '../../agent/kubernetes/kubernetes-client.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createDirectOutlet } from '../../runtime/network/outlet.ts';
import { systemRandom } from '../../runtime/random.ts';
import type { Workplace } from '../workplace.ts';

const run = promisify(execFile);

/** A Kubernetes of one node on this machine, of the run's own. */
export interface Cluster extends AsyncDisposable {
  readonly kubeconfig: string;
  /** Address of this machine as pods see it. */
  readonly host: string;
  /** Of an administrator, who never waits for his turn. */
  readonly client: KubernetesClient;
  /** Resolves with what it printed. */
  kubectl(...args: readonly string[]): Promise<string>;
  loadImage(archive: string, name: string): Promise<void>;
}

/** Null where KUBE_PEER names no folder of commands that start one. It ends with this process, however that ends. */
export async function startCluster(workplace: Workplace): Promise<Cluster | null> {
  const commands = process.env['KUBE_PEER'] ?? '';
  if (commands === '' || !existsSync(join(commands, 'up.sh'))) return null;
  const folder = workplace.path('cluster');
  await mkdir(folder);
  const said = await bringUp(workplace, { commands, folder });
  const find = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(said)?.[1] ?? '';
  const kubeconfig = find('KUBECONFIG');
  const client = createKubernetesClient({
    access: openKubeconfigAccess({ path: kubeconfig, context: null, environment: {}, clock: systemClock }),
    outlet: createDirectOutlet({ logger: silentLogger }),
    clock: systemClock,
    random: systemRandom,
    namespace: 'default',
    perSecond: 10_000,
    burst: 10_000,
  });
  return {
    kubeconfig,
    host: find('KUBE_PEER_HOST'),
    client,
    async kubectl(...args) {
      const options = { maxBuffer: 1 << 26 };
      const { stdout } = await run(
        join(find('KUBE_PEER_BIN'), 'kubectl'),
        ['--kubeconfig', kubeconfig, ...args],
        options,
      );
      return stdout;
    },
    async loadImage(archive, name) {
      await run(join(commands, 'load-image.sh'), [archive, name, folder]);
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await run(join(commands, 'down.sh'), ['--delete', folder]);
    },
  };
}

/** What `up.sh` says, by a file: the process that it leaves to watch its owner keeps the output open. */
async function bringUp(
  workplace: Workplace,
  { commands, folder }: { readonly commands: string; readonly folder: string },
): Promise<string> {
  const path = workplace.path('cluster.out');
  await using output = await open(path, 'w');
  const options = { stdio: ['ignore', output.fd, output.fd] as ['ignore', number, number] };
  const { child } = await workplace.start(join(commands, 'up.sh'), ['--owner', String(process.pid), folder], options);
  if (child.exitCode === null) await once(child, 'exit');
  const text = await readFile(path, 'utf8');
  if (child.exitCode !== 0) throw new Error(`expected a Kubernetes, up.sh ended with ${child.exitCode}: ${text}`);
  return text;
}
