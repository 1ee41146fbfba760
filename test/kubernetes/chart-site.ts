import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Ended,
  type Environment,
  type FarhandProcess,
  farhand,
  startFarhand,
} from '../support/farhand-process.ts';
import { helm } from '../support/helm.ts';
import { provideImage } from '../support/image-archive.ts';
import { type KubeCluster, startKubeCluster } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';

export const namespace = 'tools';
/** Where agents make Jobs that are told so. It takes every pod. */
export const jobsNamespace = 'jobs';
const image = { repository: 'localhost/farhand', tag: 'built' };
const userOfImage = 10_001;

/** A cluster with the image of this checkout, and charts in it. */
export interface ChartSite extends AsyncDisposable {
  /** Of the namespace of the charts. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Of that of the jobs. */
  kubectlOfJobs(...args: readonly string[]): Promise<string>;
  /** Address of the node: the ports of Services are there. */
  readonly node: string;
  /** Of this test, on this machine and on the node. */
  readonly folder: string;
  /** `install` or `upgrade` with these values over those of every release here; waits until its pods are ready. Throws with the words of helm. */
  release(verb: 'install' | 'upgrade', name: string, chart: string, values: object): Promise<void>;
  helm(...args: readonly string[]): Promise<string>;
  /** What a person would look at when something does not come. */
  describePods(): Promise<string>;
  /** Puts a secret into the cluster. */
  secret(name: string, value: string): Promise<void>;
  /** A volume that somebody made by hand, as this cluster makes none by itself. */
  volume(name: string, claim: string): Promise<void>;
  /** Runs in the only container of a pod. */
  inPod(pod: string, script: string): Promise<string>;
  /** Calls the hub from this machine, by the port of the node. */
  client(...args: readonly string[]): Promise<Ended>;
  startClient(...args: readonly string[]): FarhandProcess;
  /** Whose token the calls bring from now on. */
  signIn(token: string): void;
  /** How the calls reach the hub from now on, besides. */
  reach(environment: Environment): void;
}

export async function createChartSite({ nodePort }: { readonly nodePort: number }): Promise<ChartSite> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-charts-'));
  const archive = await provideImage(folder);
  const cluster = await startKubeCluster({ size: 'node' });
  await cluster.loadImage(archive, `${image.repository}:${image.tag}`);
  for (const name of [namespace, jobsNamespace]) await cluster.kubectl('create', 'namespace', name);
  await cluster.kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  const node = await cluster.kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[0].address}');
  let environment: Environment = { FARHAND_HUB_URL: `http://${node}:${nodePort}`, FARHAND_INSECURE: 'true' };

  const site: ChartSite = {
    node,
    folder,
    kubectl: (...args) => cluster.kubectl('--namespace', namespace, ...args),
    kubectlOfJobs: (...args) => cluster.kubectl('--namespace', jobsNamespace, ...args),
    async release(verb, name, chart, values) {
      const file = join(folder, `${name}.json`);
      await writeFile(file, JSON.stringify({ image: { ...image, pullPolicy: 'Never' }, ...values }));
      await site.helm(verb, name, chart, '--values', file, '--wait', '--timeout', '4m');
    },
    async helm(...args) {
      const { stdout, stderr, exitCode } = await helm([...args, '--namespace', namespace], {
        environment: { KUBECONFIG: cluster.kubeconfig },
      });
      if (exitCode !== 0)
        throw new Error(`helm ${args.join(' ')}: ${stderr}\n${stdout}\n${await describePods(cluster)}`);
      return stdout;
    },
    describePods: () => describePods(cluster),
    async secret(name, value) {
      const file = join(folder, 'token');
      await writeFile(file, value);
      await site.kubectl('create', 'secret', 'generic', name, `--from-file=token=${file}`);
    },
    async volume(name, claim) {
      const path = join(folder, 'volumes', name);
      await mkdir(path, { recursive: true, mode: 0o700 });
      await chown(path, userOfImage, userOfImage);
      await apply(cluster, join(folder, 'volume.json'), toVolume(name, { path, claim }));
    },
    inPod: (pod, script) => site.kubectl('exec', pod, '--', 'sh', '-c', script),
    client: (...args) => farhand(args, { environment }),
    startClient: (...args) => startFarhand(args, { environment }),
    signIn(token) {
      environment = { ...environment, FARHAND_TOKEN: token };
    },
    reach(more) {
      environment = { ...environment, ...more };
    },
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return site;
}

/** Resolves once the pod is another than `before`, and ready. */
export async function nextPod(site: ChartSite, name: string, before: string): Promise<void> {
  await until(`${name} to be another`, async () => {
    const uid = await podId(site, name).catch(() => '');
    return uid !== '' && uid !== before;
  });
  await site.kubectl('wait', '--for=condition=ready', `pod/${name}`, '--timeout=180s');
}

export function podId(site: ChartSite, name: string): Promise<string> {
  return site.kubectl('get', 'pod', name, '-o', 'jsonpath={.metadata.uid}');
}

async function apply(cluster: KubeCluster, file: string, manifest: object): Promise<void> {
  await writeFile(file, JSON.stringify(manifest));
  await cluster.kubectl('apply', '-f', file);
}

function toVolume(name: string, { path, claim }: { readonly path: string; readonly claim: string }): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '100Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace, name: claim },
      hostPath: { path },
    },
  };
}

async function describePods(cluster: KubeCluster): Promise<string> {
  const pods = await cluster.kubectl('-A', 'describe', 'pods');
  const logs = await cluster
    .kubectl('-n', namespace, 'logs', '-l', 'app.kubernetes.io/instance', '--tail=20', '--prefix', '--all-containers')
    .catch(String);
  return `${pods.slice(-6000)}\n${logs.slice(-4000)}`;
}
