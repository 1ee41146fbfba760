import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandEnd } from '../../agent/executors/command-end.ts';
import { toJobName } from '../../agent/executors/kubernetes/job-name.ts';
import type { KubernetesExecutor } from '../../agent/executors/kubernetes/kubernetes-executor.ts';
import { mergeStrategically } from '../../agent/executors/kubernetes/strategic-merge.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { patchVectors } from '../agent/executors/kubernetes/patch-vectors.ts';
import type { ExecutorPlace } from '../contract/executor-harness.ts';
import { type KubeCluster, kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { createJobPlaces, type JobPlaces, toScript } from './job-place.ts';

const endless = `trap 'echo told; exit 143' TERM; echo ready; sleep 600 & wait`;

const cluster: KubeCluster | null = kubeSkip === false ? await startKubeCluster({ size: 'node' }) : null;

describe('Jobs in a real cluster that others have their hands in', { skip: kubeSkip }, () => {
  if (cluster === null) return;
  const kubectl = (...args: readonly string[]) => cluster.kubectl(...args);
  const places: JobPlaces = createJobPlaces(cluster);
  let executor: KubernetesExecutor;

  beforeEach(() => {
    executor = places.create({ overdueMs: 5_000 });
  });
  afterEach(() => executor[Symbol.asyncDispose]());
  after(async () => {
    await places[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  /** Posts an object as it is. */
  async function post(path: string, object: JsonObject): Promise<void> {
    const file = join(cluster?.folder ?? '', 'object.json');
    await writeFile(file, JSON.stringify(object));
    await kubectl('create', '--raw', path, '-f', file);
  }

  async function start(script: string, settings: Readonly<Record<string, unknown>> = {}) {
    const place = await places.createPlace();
    const started = await executor.start(place.target, toScript(script, settings));
    assert.ok(started.type === 'started');
    const pod = async () =>
      (await kubectl('get', 'pods', '-l', `job-name=${toJobName(place.target.attempt)}`, '-o', 'name')).trim();
    return { place, execution: started.execution, job: toJobName(place.target.attempt), pod };
  }

  async function waitFor(place: ExecutorPlace, text: string): Promise<void> {
    for (let polls = 0; !(await place.readOutput()).includes(text); polls += 1) {
      assert.ok(polls < 600, `expected ${text}`);
      await delay(50);
    }
  }

  async function readPlatformEnd({ target }: ExecutorPlace): Promise<Extract<CommandEnd, { type: 'platform' }>> {
    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'platform', JSON.stringify(end));
    return end;
  }

  const findGaps = (place: ExecutorPlace) =>
    executor.findGaps(place.target, { rawBytes: 1_000_000, limitBytes: null, ofOtherUser: false });

  async function expectNothingOf(job: string): Promise<void> {
    const what = 'jobs,secrets,pods';
    for (let polls = 0; ; polls += 1) {
      const left = await kubectl('get', what, '-l', `farhand.io/attempt=${job.slice(8)}`, '-o', 'name');
      if (left === '') return;
      assert.ok(polls < 60, left);
      await delay(500);
    }
  }

  it('tell that a pod was deleted, and run nothing again', async () => {
    const { place, execution, job, pod } = await start(endless);
    await waitFor(place, 'ready');

    await kubectl('delete', await pod(), '--wait=false');
    await execution.ended;

    const { cause, started, retrySafe } = await readPlatformEnd(place);
    assert.deepEqual({ cause, started, retrySafe }, { cause: 'pod-deleted', started: true, retrySafe: false });
    assert.match((await place.readOutput()).toString(), /^ready\n(told\n)?$/);
    await delay(3_000);
    assert.equal(await pod(), '');
    await executor.release(place.target);
    await expectNothingOf(job);
  });

  it('tell that a pod was evicted by the API', async () => {
    const { place, execution, job, pod } = await start(endless);
    await waitFor(place, 'ready');

    const name = (await pod()).replace('pod/', '');
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } };
    await post(`/api/v1/namespaces/default/pods/${name}/eviction`, eviction);
    await execution.ended;

    const { cause, started } = await readPlatformEnd(place);
    assert.deepEqual({ cause, started }, { cause: 'evicted', started: true });
    await executor.release(place.target);
    await expectNothingOf(job);
  });

  it('tell that the Job itself was deleted', async () => {
    const { place, execution, job } = await start(endless);
    await waitFor(place, 'ready');

    await kubectl('delete', 'job', job, '--wait=false');
    await execution.ended;

    const { cause, started, retrySafe } = await readPlatformEnd(place);
    assert.deepEqual({ cause, started, retrySafe }, { cause: 'pod-deleted', started: true, retrySafe: false });
    await executor.release(place.target);
    await expectNothingOf(job);
  });

  it('say that a log which the kubelet rotated cannot be proved', async () => {
    const { place, execution, job } = await start(
      'for i in 1 2 3 4 5; do yes 0123456789 | head -n 250000; sleep 6; done',
    );

    await execution.ended;

    const gaps = await findGaps(place);
    assert.ok(gaps.length > 0 && gaps.every(({ why }) => why === 'output-lost'), JSON.stringify(gaps));
    await executor.release(place.target);
    await expectNothingOf(job);
  });

  it('go on when the agent goes, and are found by the next one, once', async () => {
    const { place, job } = await start('for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done; exit 7');
    await waitFor(place, '2');
    await executor[Symbol.asyncDispose]();
    await delay(1_000);
    executor = places.create();

    await (await executor.adopt(place.target))?.ended;

    const end = await executor.readEnd(place.target);
    assert.ok(end?.type === 'exit' && end.status === 7);
    assert.equal((await place.readOutput()).toString(), '1\n2\n3\n4\n5\n6\n');
    assert.deepEqual(await findGaps(place), []);
    await executor.release(place.target);
    await expectNothingOf(job);
  });

  it('are each whole, when 50 run at once', async () => {
    const runs = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => ({
        index,
        ...(await start(`seq 1 2000; echo ${index}; exit ${index}`)),
      })),
    );
    await Promise.all(runs.map(({ execution }) => execution.ended));

    const numbers = Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join('');
    for (const { index, place } of runs) {
      const end = await executor.readEnd(place.target);
      assert.ok(end?.type === 'exit' && end.status === index, JSON.stringify(end));
      assert.equal((await place.readOutput()).toString(), `${numbers}${index}\n`);
      assert.deepEqual(await findGaps(place), []);
      await executor.release(place.target);
    }
    for (const { job } of runs) await expectNothingOf(job);
  });

  for (const { title, template, patch } of patchVectors) {
    it(`are patched as the API server would: a strategic merge ${title}`, async () => {
      const name = `vector-${patchVectors.findIndex((vector) => vector.title === title)}`;
      const collection = '/api/v1/namespaces/default/podtemplates';
      const base = { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name } };
      await post(collection, { ...base, template });
      const file = JSON.stringify({ template: patch });

      const patched = await kubectl('patch', 'podtemplate', name, '--type=strategic', '-p', file, '-o', 'json');

      const ours = mergeStrategically(template, patch);
      await post(collection, { ...base, metadata: { name: `${name}-ours` }, template: ours });
      const made = await kubectl('get', 'podtemplate', `${name}-ours`, '-o', 'json');
      const read = (text: string) => (JSON.parse(text) as { template: JsonObject }).template;
      assert.deepEqual(read(made), read(patched));
    });
  }
});
