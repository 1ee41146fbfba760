import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { testExecutor } from '../contract/executor-contract.ts';
import { type KubeCluster, kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { createJobPlaces, type JobPlaces, testImage, toCommand, toScript } from './job-place.ts';

describe('a real cluster', { skip: kubeSkip }, () => {
  if (kubeSkip !== false) return;
  const cluster: KubeCluster = startKubeCluster({ size: 'node' });
  const places: JobPlaces = createJobPlaces(cluster);

  before(async () => {
    await cluster.kubectl('wait', '--for=condition=Ready', 'node', '--all', '--timeout=60s');
  });
  after(async () => {
    await places[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  testExecutor({
    name: 'kubernetes',
    create: () => places.create(),
    createPlace: () => places.createPlace(),
    toCommand,
    platformEnds: [
      {
        what: 'more memory than it may have',
        toCommand: () =>
          toScript('dd if=/dev/zero of=/dev/null bs=200M count=1', { resources: { limits: { memory: '32Mi' } } }),
        end: { cause: 'out-of-memory', started: true, retrySafe: false },
      },
      {
        what: 'no image',
        toCommand: () => toScript('true', { image: 'localhost/nothing:1' }),
        end: { cause: 'image-pull', started: false, retrySafe: true },
      },
      {
        what: 'no program of that name',
        toCommand: () => ({ ...toScript(''), argv: ['no-such-program'] }),
        end: { cause: 'start-failed', started: false, retrySafe: false },
      },
      {
        what: 'no node with room',
        toCommand: () => toScript('true', { nodeSelector: { no: 'such' }, pendingSeconds: 2 }),
        end: { cause: 'unschedulable', started: false, retrySafe: true },
      },
      {
        what: "a deadline of the Job's own",
        toCommand: () => toScript(`trap 'exit 143' TERM; sleep 600 & wait`, { activeDeadlineSeconds: 4 }),
        end: { cause: 'timeout', started: true, retrySafe: false },
      },
    ],
    refusals: {
      'that the cluster does not take': {
        command: toScript('true', { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
        fault: 'command',
      },
      'with a NUL in an argument': { command: { ...toScript(''), argv: ['echo', 'a\0b'] }, fault: 'command' },
      'with more than a Secret holds': {
        command: toScript('true', {}, { LONG: 'x'.repeat(1_100_000) }),
        fault: 'command',
      },
      'with no image': { command: toScript('true', { image: undefined }), fault: 'command' },
    },
  });

  it('has nothing left of these tests', async () => {
    const selector = `farhand.io/agent=${places.agent}`;
    for (let looks = 0; ; looks += 1) {
      const left = await cluster.kubectl('get', 'jobs,pods,secrets', '-A', '-l', selector, '-o', 'name');
      if (left === '') break;
      assert.ok(looks < 60, `expected nothing, got ${left}`);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    assert.equal(testImage, 'localhost/busybox:1');
  });
});
