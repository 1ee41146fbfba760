import { execFile, execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Folder of the commands that start a real cluster. */
const peer = process.env['KUBE_PEER'] ?? resolve(import.meta.dirname, '../../../shared/peers/kubernetes');

/** Why tests with a real cluster cannot run here; false where they can. */
export const kubeSkip: string | false = existsSync(join(peer, 'up.sh'))
  ? false
  : 'no real Kubernetes here: KUBE_PEER names no folder with its commands';

/** A real cluster, alone for these tests. */
export interface KubeCluster extends AsyncDisposable {
  readonly kubeconfig: string;
  /** Folder of `kubectl` and `helm`. */
  readonly bin: string;
  /** Address of this machine as pods see it; empty without a node. */
  readonly host: string;
  /** Its data folder. */
  readonly folder: string;
  kubectl(...args: readonly string[]): Promise<string>;
}

/** Takes seconds where it was built before. It goes when this process does. */
export function startKubeCluster({ size }: { readonly size: 'node' | 'control-plane' }): KubeCluster {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-cluster-'));
  const told = join(folder, 'told');
  // To a file: what watches over the cluster keeps the output open.
  const output = openSync(told, 'w');
  const only = size === 'control-plane' ? ['--control-plane'] : [];
  execFileSync(join(peer, 'up.sh'), [...only, '--owner', String(process.pid), join(folder, 'run')], {
    stdio: ['ignore', output, 'inherit'],
  });
  closeSync(output);
  const lines = new Map(
    readFileSync(told, 'utf8')
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const kubeconfig = lines.get('KUBECONFIG') ?? '';
  const bin = lines.get('KUBE_PEER_BIN') ?? '';
  return {
    kubeconfig,
    bin,
    host: lines.get('KUBE_PEER_HOST') ?? '',
    folder: join(folder, 'run'),
    async kubectl(...args) {
      const { stdout } = await run(join(bin, 'kubectl'), ['--kubeconfig', kubeconfig, ...args], {
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      await run(join(peer, 'down.sh'), ['--delete', join(folder, 'run')]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
