import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../support/farhand-process.ts';
import { createFaultPlace, type FaultAgent, type FaultPlace } from '../../support/fault-place.ts';
import { readFaultScheme } from '../../support/fault-scheme.ts';
import { provideImage } from '../../support/image-archive.ts';
import { type KubeCluster, startKubeCluster } from '../../support/kube-cluster.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { testImage } from '../job-place.ts';

/** How the log of a pod reaches the hub. */
export type LogWay = 'kubelet' | 'runner';

/** An agent whose jobs are pods. */
export interface PodAgent {
  readonly way: LogWay;
  readonly agent: FaultAgent;
  /** The line between it and the API server. */
  readonly apiLine: TcpProxy;
}

/** A hub, agents and a cluster as real processes, in a folder that the pods share. Disposing ends all of it. */
export interface PodPlace extends AsyncDisposable {
  readonly place: FaultPlace;
  readonly cluster: KubeCluster;
  readonly agents: readonly PodAgent[];
  /** The line between all runners and the hub. */
  readonly runnerLine: TcpProxy;
}

const runnerImage = 'localhost/farhand:test';
/** Of the label by which a job says how its log is to come. */
export const wayLabel = 'log';

/** For each automation, what is beside the image in its block. */
const blocks: Readonly<Record<string, object>> = {
  pod: {},
  'safe-pod': {},
  'small-pod': { resources: { limits: { memory: '64Mi' } } },
  'unknown-image-pod': { image: 'localhost/there-is-none:1', imageSeconds: 2 },
  'homeless-pod': { nodeSelector: { there: 'is-none' }, pendingSeconds: 2 },
};

export async function openPodPlace(): Promise<PodPlace> {
  await using opened = new AsyncDisposableStack();
  const cluster = opened.use(await startKubeCluster({ size: 'node' }));
  await cluster.loadImage(await provideImage(cluster.folder), runnerImage);
  const place = opened.use(await createFaultPlace());
  await place.hub.start();
  for (const [name, block] of Object.entries(blocks)) {
    const safe = name.startsWith('safe') ? 'retrySafe: true\n' : '';
    await place.addAutomation(name, `executor: kubernetes\n${safe}kubernetes: ${toBlock(place.folder, block)}\n`);
  }
  const runnerLine = opened.use(await startTcpProxy(Number(new URL(place.address).port)));
  const runnerUrl = `${readFaultScheme()}://${cluster.host}:${runnerLine.port}`;
  const agents: PodAgent[] = [];
  for (const way of ['kubelet', 'runner'] as const) {
    const runner = {
      FARHAND_KUBERNETES_RUNNER_IMAGE: runnerImage,
      FARHAND_KUBERNETES_HUB_URL: runnerUrl,
      FARHAND_INSECURE: 'true',
    };
    const { kubeconfig, apiLine } = await openApiLine(cluster, join(place.folder, `${way}.kubeconfig`));
    opened.use(apiLine);
    const environment: Environment = {
      FARHAND_KUBERNETES: 'kubeconfig',
      FARHAND_KUBECONFIG: kubeconfig,
      FARHAND_LABELS: `${wayLabel}=${way}`,
      FARHAND_SLOTS: '6',
      ...(way === 'runner' ? runner : {}),
    };
    agents.push({ way, apiLine, agent: await place.addAgent(way, environment) });
  }
  const disposables = opened.move();
  return { place, cluster, agents, runnerLine, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
}

/** The folder of the place is the same one in the pod: there the ledger is. */
function toBlock(path: string, block: object): string {
  const patch = {
    spec: {
      containers: [{ name: 'main', volumeMounts: [{ name: 'place', mountPath: path }] }],
      volumes: [{ name: 'place', hostPath: { path } }],
    },
  };
  return JSON.stringify({ image: testImage, patch, ...block });
}

async function openApiLine(
  cluster: KubeCluster,
  kubeconfig: string,
): Promise<{ readonly kubeconfig: string; readonly apiLine: TcpProxy }> {
  const text = await readFile(cluster.kubeconfig, 'utf8');
  const port = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
  const apiLine = await startTcpProxy(port);
  await writeFile(kubeconfig, text.replace(`127.0.0.1:${port}`, `127.0.0.1:${apiLine.port}`), { mode: 0o600 });
  return { kubeconfig, apiLine };
}
