import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** The folder of the commands that start a Kubernetes of one node on this machine. */
export const kubePeer = process.env['KUBE_PEER'] ?? join(import.meta.dirname, '../../../shared/peers/kubernetes');

export const kubeSkip: string | false = existsSync(join(kubePeer, 'up.sh'))
  ? false
  : 'there is no Kubernetes to start: KUBE_PEER names the folder of the commands that do';

export interface KubeCluster extends AsyncDisposable {
  /** Path of the kubeconfig of an administrator. */
  readonly kubeconfig: string;
  /** Folder with kubectl and helm. */
  readonly bin: string;
  /** Address of this machine as pods see it; empty without a node. */
  readonly host: string;
  /** Its data folder: logs, process ids, keys. */
  readonly folder: string;
  /** Resolves with what it said on standard output; rejects with what it said otherwise. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Takes a folder with a root file system, a tar of one, or an archive of an image. */
  loadImage(source: string, name: string): Promise<void>;
  /** As when its machine is switched off and on: every process of it is gone, and what is on its disk is there. */
  restart(): Promise<void>;
}

/** What `up.sh` says, by a file: the process that it leaves to watch the owner keeps the output open. */
async function startPeer(args: readonly string[], folder: string): Promise<string> {
  const output = await open(join(folder, 'up.out'), 'w+');
  try {
    const child = spawn(join(kubePeer, 'up.sh'), args, { stdio: ['ignore', output.fd, output.fd] });
    const [code] = await once(child, 'exit');
    const text = await readFile(join(folder, 'up.out'), 'utf8');
    if (code !== 0) throw new Error(`up.sh ended with ${code}: ${text}`);
    return text;
  } finally {
    await output.close();
  }
}

/**
 * Starts a cluster of its own: with `node`, pods run (this needs root); with `control-plane`, the API is there and pods stay pending. It goes when it is
 * disposed of, and when this process ends, however it ends.
 */
export async function startKubeCluster({ size }: { readonly size: 'node' | 'control-plane' }): Promise<KubeCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-kube-'));
  const options = size === 'node' ? [] : ['--control-plane'];
  const start = () => startPeer([...options, '--owner', String(process.pid), folder], folder);
  const stdout = await start();
  const said = new Map(stdout.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const kubeconfig = said.get('KUBECONFIG') ?? '';
  const bin = said.get('KUBE_PEER_BIN') ?? '';
  return {
    kubeconfig,
    bin,
    host: said.get('KUBE_PEER_HOST') ?? '',
    folder,
    async kubectl(...args) {
      const answer = await run(join(bin, 'kubectl'), ['--kubeconfig', kubeconfig, ...args], { maxBuffer: 64 << 20 });
      return answer.stdout;
    },
    async loadImage(source, name) {
      await run(join(kubePeer, 'load-image.sh'), [source, name, folder]);
    },
    async restart() {
      await run(join(kubePeer, 'down.sh'), [folder]);
      await start();
    },
    async [Symbol.asyncDispose]() {
      await run(join(kubePeer, 'down.sh'), ['--delete', folder]);
    },
  };
}
