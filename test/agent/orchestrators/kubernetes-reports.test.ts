import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { KubernetesObject } from '../../../agent/kubernetes/kubernetes-object.ts';
import { parseQuantity } from '../../../agent/orchestrators/kubernetes/quantity.ts';
import { toAppReport } from '../../../agent/orchestrators/kubernetes/to-app-report.ts';
import { toNodeReport } from '../../../agent/orchestrators/kubernetes/to-node-report.ts';
import { AppReport, type AppState } from '../../../protocol/app.ts';
import { NodeReport } from '../../../protocol/node.ts';

const metadata = {
  name: 'n1',
  uid: 'u1',
  resourceVersion: '7',
  creationTimestamp: '2026-11-21T02:00:09Z',
  labels: { 'kubernetes.io/arch': 'amd64' },
};

function node(status: object, spec: object = {}): NodeReport {
  return toNodeReport(KubernetesObject.parse({ metadata, spec, status }), 'edge');
}

suite('a quantity', () => {
  const quantities: readonly (readonly [unknown, number | null])[] = [
    ['4', 4],
    ['500m', 0.5],
    ['8Gi', 8 * 1024 ** 3],
    ['1e3', 1000],
    ['1E3', 1000],
    ['1E', 1e18],
    ['.5', 0.5],
    ['12k', 12_000],
    ['100n', 1e-7],
    [3, 3],
    ['', null],
    ['8GiB', null],
    ['many', null],
    [null, null],
  ];
  for (const [text, value] of quantities) {
    test(`${JSON.stringify(text)} is ${value}`, () => assert.equal(parseQuantity(text), value));
  }
});

suite('a node of Kubernetes', () => {
  test('is told with what it has, in cores and bytes', () => {
    const capacity = { cpu: '4', memory: '8Gi', 'ephemeral-storage': '100G', pods: '110', 'nvidia.com/gpu': '2' };
    const report = node({
      capacity,
      allocatable: { ...capacity, cpu: '3920m' },
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      conditions: [{ type: 'Ready', status: 'True', message: 'kubelet is posting ready status' }],
      nodeInfo: { kubeletVersion: 'v1.35.4', osImage: 'Debian', architecture: 'amd64', kernelVersion: '' },
    });

    assert.deepEqual(NodeReport.parse(report), report);
    assert.deepEqual(report.capacity, { cpu: 4, memoryBytes: 8 * 1024 ** 3, diskBytes: 1e11, gpus: 2 });
    assert.partialDeepStrictEqual(report, {
      id: 'edge/n1',
      state: 'ready',
      message: null,
      schedulable: true,
      allocatable: { cpu: 3.92 },
      maxInstances: 110,
      version: 'v1.35.4',
      platform: { os: 'Debian', arch: 'amd64', kernel: null, runtime: null },
      createdAt: '2026-11-21T02:00:09Z',
    });
  });

  test('that is fresh has no conditions, and nobody knows how it is', () => {
    const taints = [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }];

    const report = node({}, { taints, unschedulable: true });

    assert.deepEqual(NodeReport.parse(report), report);
    assert.deepEqual([report.state, report.schedulable], ['unknown', false]);
    assert.deepEqual(report.taints, [{ key: 'node.kubernetes.io/not-ready', value: '', effect: 'NoSchedule' }]);
  });

  test('says what is wrong with it', () => {
    const conditions = [
      { type: 'MemoryPressure', status: 'True', message: 'kubelet has insufficient memory' },
      { type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting node status.' },
    ];

    const report = node({ conditions });

    assert.equal(report.state, 'unknown');
    assert.equal(
      report.message,
      'Ready: Kubelet stopped posting node status.; MemoryPressure: kubelet has insufficient memory',
    );
  });

  test('with fields that are something else is told all the same', () => {
    const report = node({ capacity: 'much', addresses: {}, conditions: [{ type: 7 }] }, { taints: 'none' });

    assert.deepEqual(NodeReport.parse(report), report);
    assert.equal(report.capacity.cpu, null);
  });
});

suite('an app of Kubernetes', () => {
  const template = {
    spec: {
      initContainers: [
        { image: 'setup:1', resources: { requests: { cpu: '9' } } },
        {
          image: 'proxy:2',
          restartPolicy: 'Always',
          resources: { requests: { cpu: '50m' }, limits: { memory: '64Mi' } },
        },
      ],
      containers: [
        {
          image: 'web:3',
          resources: { requests: { cpu: '250m', memory: '128Mi' }, limits: { memory: '256Mi', cpu: '1' } },
        },
        { image: 'web:3' },
      ],
    },
  };
  const app = (given: { spec?: object; status?: object; kind?: 'deployment' | 'statefulset' | 'daemonset' }) =>
    toAppReport(
      KubernetesObject.parse({
        metadata: { ...metadata, name: 'web', namespace: 'shop', generation: 2 },
        spec: { replicas: 3, template, ...given.spec },
        status: { observedGeneration: 2, ...given.status },
      }),
      given.kind ?? 'deployment',
      'edge',
    );
  const whole = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };

  test('is told with its images and what an instance asks for', () => {
    const report = app({ status: whole });

    assert.deepEqual(AppReport.parse(report), report);
    assert.equal(report.id, 'edge/shop/deployment/web');
    assert.deepEqual(report.images, ['proxy:2', 'web:3']);
    assert.deepEqual(report.requests, { cpu: 0.3, memoryBytes: 128 * 1024 ** 2, diskBytes: null, gpus: null });
    assert.deepEqual(report.limits, { cpu: null, memoryBytes: null, diskBytes: null, gpus: null });
  });

  const progressing = (status: string, reason: string) => ({
    conditions: [{ type: 'Progressing', status, reason, message: `it is ${reason}` }],
  });
  const daemons = { desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 2 };
  const states: readonly (readonly [AppState, string, Parameters<typeof app>[0]])[] = [
    ['running', 'with all instances there', { status: whole }],
    ['unknown', 'that no controller has looked at', { status: { observedGeneration: undefined } }],
    ['changing', 'whose newest version no controller has looked at', { status: { ...whole, observedGeneration: 1 } }],
    ['changing', 'with instances of an older version', { status: { ...whole, replicas: 4, updatedReplicas: 1 } }],
    [
      'changing',
      'in its first rollout',
      { status: { ...whole, availableReplicas: 0, ...progressing('True', 'ReplicaSetUpdated') } },
    ],
    [
      'degraded',
      'that lost an instance',
      { status: { ...whole, availableReplicas: 2, ...progressing('True', 'NewReplicaSetAvailable') } },
    ],
    [
      'degraded',
      'that does not get on',
      { status: { ...whole, updatedReplicas: 1, ...progressing('False', 'ProgressDeadlineExceeded') } },
    ],
    ['stopped', 'of which none is wanted', { spec: { replicas: 0 }, status: {} }],
    ['changing', 'of which none is wanted, and one is there still', { spec: { replicas: 0 }, status: { replicas: 1 } }],
    ['running', 'on each node', { kind: 'daemonset', status: { ...daemons, numberAvailable: 2 } }],
    ['degraded', 'that lacks one on a node', { kind: 'daemonset', status: { ...daemons, numberAvailable: 1 } }],
    ['running', 'in order', { kind: 'statefulset', status: whole }],
  ];
  for (const [state, what, given] of states) {
    test(`${what} is ${state} (${given.kind ?? 'deployment'})`, () => assert.equal(app(given).state, state));
  }

  test('says why it is degraded', () => {
    assert.equal(
      app({ status: { ...whole, ...progressing('False', 'ProgressDeadlineExceeded') } }).message,
      'it is ProgressDeadlineExceeded',
    );
    assert.equal(
      app({ kind: 'statefulset', status: { ...whole, availableReplicas: 1 } }).message,
      '1 of 3 instances are available',
    );
  });
});
