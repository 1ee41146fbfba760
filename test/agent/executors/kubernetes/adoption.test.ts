import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PreparedCommand } from '../../../../agent/automations/prepared-command.ts';
import type { ExecutionTarget } from '../../../../agent/executors/execution.ts';
import { defaultJobLimits } from '../../../../agent/executors/kubernetes/job-context.ts';
import { toJobName } from '../../../../agent/executors/kubernetes/job-name.ts';
import {
  createKubernetesExecutor,
  type KubernetesExecutor,
} from '../../../../agent/executors/kubernetes/kubernetes-executor.ts';
import { openNotedNamespaces } from '../../../../agent/executors/kubernetes/noted-namespaces.ts';
import { NotNow } from '../../../../agent/executors/not-now.ts';
import { KubernetesError } from '../../../../agent/kubernetes/kubernetes-error.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { systemFileSystem } from '../../../../runtime/file-system.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { createLoopBoard } from '../../../../runtime/loop-board.ts';
import { systemRandom } from '../../../../runtime/random.ts';
import { until } from '../../../support/until.ts';
import { FakeCluster } from './fake-cluster.ts';

const limits = { ...defaultJobLimits, settleMs: 50, logMs: 500, lookMs: 100 };
const command: PreparedCommand = {
  argv: ['true'],
  environment: {},
  workingDirectory: '/farhand/job',
  files: [],
  settings: { image: 'busybox', pendingSeconds: 300, imageSeconds: 180 } as never,
};

interface Scene {
  readonly cluster: FakeCluster;
  readonly target: ExecutionTarget;
  readonly job: string;
  /** The agent of the next life. */
  readonly next: KubernetesExecutor;
}

/** How an agent died: what its record says, and what the cluster has. */
interface Row {
  readonly record: string;
  readonly found: string;
  readonly follows: string;
  /** Of the first agent, which is dead when it resolves. */
  readonly live: (executor: KubernetesExecutor, scene: Omit<Scene, 'next'>) => Promise<void>;
  readonly check: (scene: Scene) => Promise<void>;
}

/** It dies at that call of the cluster. */
function diesAt(call: string, moment: 'before' | 'after'): Row['live'] {
  return async (executor, { cluster, target }) => {
    cluster[moment] = (made) => {
      if (made !== call) return;
      cluster[moment] = () => {};
      void executor[Symbol.asyncDispose]();
      throw new KubernetesError('unreachable', 'died');
    };
    await executor.start(target, command).catch((error: unknown) => assert.ok(error instanceof NotNow));
  };
}

/** It dies when its Job has a pod, in which then happens what `more` does. */
function diesWithPod(more: (scene: Omit<Scene, 'next'>) => void): Row['live'] {
  return async (executor, scene) => {
    const started = await executor.start(scene.target, command);
    assert.equal(started.type, 'started');
    await until('a pod', () => scene.cluster.names('pods').length === 1);
    await executor[Symbol.asyncDispose]();
    more(scene);
  };
}

async function endOf({ next, target }: Scene): Promise<unknown> {
  await (await next.adopt(target))?.ended;
  const end = await next.readEnd(target);
  if (end === null) return null;
  return end.type === 'exit' ? `exit ${end.status}` : `${end.cause}, started ${end.started}`;
}

function countCreates({ cluster }: Scene): number {
  return cluster.calls.filter((call) => call === 'create jobs').length;
}

const rows: readonly Row[] = [
  {
    record: 'none',
    found: 'no Job',
    follows: 'the fence is free: what has not begun is taken, or started by whoever comes',
    live: async (executor) => executor[Symbol.asyncDispose](),
    async check({ next, target, cluster }) {
      assert.deepEqual(await next.inspect(target), { type: 'none' });
      assert.equal(await next.takeFence(target), true);
      assert.deepEqual(cluster.names('jobs'), []);
    },
  },
  {
    record: 'making, without a uid',
    found: 'no Job: the create never came to the cluster',
    follows: 'it is made, once',
    live: diesAt('create jobs', 'before'),
    async check(scene) {
      const started = await scene.next.start(scene.target, command);
      assert.equal(started.type, 'started');
      await until('a pod', () => scene.cluster.names('pods').length === 1);
      assert.equal(scene.cluster.names('jobs').length, 1);
    },
  },
  {
    record: 'making, without a uid',
    found: "a suspended Job of this attempt's folder",
    follows: 'it is taken for its own by its annotation, and let go once',
    live: diesAt('create jobs', 'after'),
    async check(scene) {
      const uid = scene.cluster.get('jobs', scene.job)?.metadata.uid;
      const started = await scene.next.start(scene.target, command);
      assert.equal(started.type, 'started');
      await until('a pod', () => scene.cluster.names('pods').length === 1);
      assert.equal(scene.cluster.get('jobs', scene.job)?.metadata.uid, uid);
    },
  },
  {
    record: 'making, without a uid',
    found: 'a Job of this name that another folder made',
    follows: 'the start fails, and the Job is left alone',
    live: diesAt('create jobs', 'before'),
    async check({ next, target, job, cluster }) {
      const jobs = { group: 'batch', version: 'v1', plural: 'jobs', namespaced: true };
      const foreign = {
        metadata: { name: job, annotations: { 'farhand.io/folder': 'other' } },
        spec: { suspend: true },
      };
      await cluster.client.create({ resource: jobs, namespace: 'jobs' }, foreign, {
        signal: new AbortController().signal,
      });
      const started = await next.start(target, command);
      assert.ok(started.type === 'failed' && started.fault === 'environment');
      await next.release(target);
      assert.deepEqual(cluster.names('jobs'), [job]);
    },
  },
  {
    record: 'let go',
    found: 'a Job that is suspended still: the word did not come to the cluster',
    follows: 'it is let go, and its command counts as started meanwhile',
    live: diesAt('patch jobs', 'before'),
    async check(scene) {
      const { next, target, cluster, job } = scene;
      assert.equal(await next.takeFence(target), false);
      const execution = await next.adopt(target);
      await until('a pod', () => cluster.names('pods').length === 1);
      cluster.run(job);
      cluster.end(job, 0);
      await execution?.ended;
      assert.deepEqual([await endOf(scene), cluster.starts.get(job), countCreates(scene)], ['exit 0', 1, 1]);
    },
  },
  {
    record: 'let go',
    found: 'a Job whose pod is at work',
    follows: 'it is adopted, and its start is what the node says, not now',
    live: diesWithPod(({ cluster, job }) => cluster.run(job, '2026-11-30T12:00:00Z')),
    async check(scene) {
      const execution = await scene.next.adopt(scene.target);
      assert.deepEqual(await execution?.started, { at: Date.parse('2026-11-30T12:00:00Z') });
      scene.cluster.end(scene.job, 4);
      await execution?.ended;
      assert.deepEqual([await endOf(scene), countCreates(scene)], ['exit 4', 1]);
    },
  },
  {
    record: 'let go',
    found: 'a Job that has ended',
    follows: 'its end is read, and when nobody wants it any more it is deleted by its uid',
    live: diesWithPod(({ cluster, job }) => {
      cluster.run(job);
      cluster.end(job, 7);
    }),
    async check(scene) {
      assert.equal(await endOf(scene), 'exit 7');
      await scene.next.release(scene.target);
      assert.deepEqual([scene.cluster.names('jobs'), scene.cluster.names('pods')], [[], []]);
    },
  },
  {
    record: 'let go',
    found: 'no Job, though its uid is known',
    follows: 'it is lost, and never made again',
    live: diesWithPod(({ cluster, job }) => cluster.removeJob(job)),
    async check(scene) {
      assert.deepEqual([await endOf(scene), countCreates(scene)], ['process-lost, started unknown', 1]);
      const again = await scene.next.start(scene.target, command);
      assert.equal(again.type, 'started');
      assert.deepEqual([countCreates(scene), scene.cluster.names('jobs')], [1, []]);
    },
  },
  {
    record: 'let go',
    found: 'a Job of the same name with another uid',
    follows: 'it is lost, and what is there is left alone',
    live: diesWithPod(({ cluster, job }) => {
      cluster.removeJob(job);
      const jobs = { group: 'batch', version: 'v1', plural: 'jobs', namespaced: true };
      const other = { metadata: { name: job, namespace: 'jobs' }, spec: { suspend: true } };
      void cluster.client.create({ resource: jobs, namespace: 'jobs' }, other, {
        signal: new AbortController().signal,
      });
    }),
    async check(scene) {
      assert.equal(await endOf(scene), 'process-lost, started unknown');
      await scene.next.release(scene.target);
      assert.deepEqual(scene.cluster.names('jobs'), [scene.job]);
    },
  },
  {
    record: 'of no attempt: its folder is gone',
    found: 'a Job that has ended',
    follows: 'it is swept',
    live: async (executor, scene) => {
      await diesWithPod(({ cluster, job }) => cluster.end(job, 0))(executor, scene);
      await rm(scene.target.folder, { recursive: true });
    },
    async check({ next, cluster }) {
      next.begin();
      await until('nothing to be left', () => cluster.names('jobs').length === 0);
    },
  },
];

describe('what an agent that was started again does with a Job', () => {
  let root = '';
  let count = 0;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'farhand-adoption-'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  function create(cluster: FakeCluster): KubernetesExecutor {
    return createKubernetesExecutor({
      client: cluster.client,
      agentId: () => 'agent-1',
      isKnown: async (attempt) => (await systemFileSystem.lstat(join(root, attempt))) !== null,
      namespaces: openNotedNamespaces(systemFileSystem, join(root, 'namespaces.json')),
      fileSystem: systemFileSystem,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      loops: createLoopBoard(systemClock),
      limits,
    });
  }

  for (const { record, found, follows, live, check } of rows) {
    it(`with a record that says ${record}, and in the cluster ${found}: ${follows}`, async () => {
      count += 1;
      const attempt = `adopted-${count}`;
      const target = { attempt, folder: join(root, attempt) };
      await mkdir(target.folder);
      const scene = { cluster: new FakeCluster(), target, job: toJobName(attempt) };
      await using first = create(scene.cluster);
      await live(first, scene);
      await using next = create(scene.cluster);

      await check({ ...scene, next });
    });
  }
});
