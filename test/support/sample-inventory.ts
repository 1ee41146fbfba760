import type { AppReport } from '../../protocol/app.ts';
import type { ClusterReport } from '../../protocol/cluster.ts';
import type { NodeReport } from '../../protocol/node.ts';

const createdAt = '2026-01-01T00:00:00.000Z';
const some = { cpu: 4, memoryBytes: 8 * 2 ** 30, diskBytes: null, gpus: null };

/** A node of the cluster `edge`, well and of a common size. */
export function sampleNode(name: string, change: Partial<NodeReport> = {}): NodeReport {
  const cluster = change.cluster ?? 'edge';
  return {
    id: `${cluster}/${name}`,
    cluster,
    type: 'kubernetes',
    name,
    uid: `uid of ${name}`,
    state: 'ready',
    message: null,
    schedulable: true,
    addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' },
    taints: [],
    capacity: some,
    allocatable: some,
    used: null,
    maxInstances: 110,
    version: 'v1.34.1',
    platform: { os: 'linux', arch: 'amd64', kernel: '6.12.0', runtime: 'containerd://2.1.4' },
    createdAt,
    ...change,
  };
}

/** A Deployment of the cluster `edge` in the namespace `shop`, of which all is there. */
export function sampleApp(name: string, change: Partial<AppReport> = {}): AppReport {
  const { cluster = 'edge', namespace = 'shop', kind = 'deployment' } = change;
  return {
    id: `${cluster}/${namespace}/${kind}/${name}`,
    cluster,
    type: 'kubernetes',
    kind,
    namespace,
    name,
    uid: `uid of ${name}`,
    state: 'running',
    message: null,
    labels: { app: name },
    images: ['registry.example/web:1'],
    instances: { wanted: 2, running: 2, updated: 2, ready: 2, available: 2 },
    requests: { cpu: 0.5, memoryBytes: 64 * 2 ** 20, diskBytes: null, gpus: null },
    limits: { cpu: null, memoryBytes: 128 * 2 ** 20, diskBytes: null, gpus: null },
    createdAt,
    ...change,
  };
}

/** The cluster `edge`, of which the agent knows everything. */
export function sampleCluster(change: Partial<ClusterReport> = {}): ClusterReport {
  const current = { state: 'current', since: createdAt, message: null } as const;
  return { name: 'edge', type: 'kubernetes', version: 'v1.34.1', nodes: current, apps: current, ...change };
}
