import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { PreparedCommand } from '../../../../agent/automations/prepared-command.ts';
import type { Execution, ExecutionTarget } from '../../../../agent/executors/execution.ts';
import type { Executor } from '../../../../agent/executors/executor.ts';
import { defaultJobLimits } from '../../../../agent/executors/kubernetes/job-context.ts';
import { toJobName } from '../../../../agent/executors/kubernetes/job-name.ts';
import { createKubernetesExecutor } from '../../../../agent/executors/kubernetes/kubernetes-executor.ts';
import { openNotedNamespaces } from '../../../../agent/executors/kubernetes/noted-namespaces.ts';
import { NotNow } from '../../../../agent/executors/not-now.ts';
import { KubernetesError } from '../../../../agent/kubernetes/kubernetes-error.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { type FileSystem, systemFileSystem } from '../../../../runtime/file-system.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { createLoopBoard } from '../../../../runtime/loop-board.ts';
import { systemRandom } from '../../../../runtime/random.ts';
import { FakeCluster, toMain } from './fake-cluster.ts';

const hasty = {
  ...defaultJobLimits,
  configMs: 50,
  settleMs: 50,
  overdueMs: 50,
  logMs: 500,
  nodeSlackMs: 200,
  lookMs: 100,
};
const bounds = { graceMs: 100, boundMs: 1_000 };

describe('the Kubernetes executor', () => {
  let root = '';
  let count = 0;
  let cluster = new FakeCluster();
  let opened: (Executor & AsyncDisposable)[] = [];

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'farhand-jobs-'));
  });
  after(() => rm(root, { recursive: true, force: true }));
  beforeEach(() => {
    cluster = new FakeCluster();
    opened = [];
  });
  afterEach(async () => {
    for (const executor of opened) await executor[Symbol.asyncDispose]();
  });

  /** As another process would make it, after the one before was killed. */
  function create(agent = 'agent-1', fileSystem: FileSystem = systemFileSystem) {
    const executor = createKubernetesExecutor({
      client: cluster.client,
      agentId: () => agent,
      isKnown: async (attempt) => (await systemFileSystem.lstat(join(root, attempt))) !== null,
      namespaces: openNotedNamespaces(systemFileSystem, join(root, `namespaces-of-${agent}.json`)),
      fileSystem,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      loops: createLoopBoard(systemClock),
      limits: hasty,
    });
    opened.push(executor);
    return executor;
  }

  async function createPlace(): Promise<{ readonly target: ExecutionTarget; readonly job: string }> {
    count += 1;
    const attempt = `attempt-${process.pid}-${count}`;
    const folder = join(root, attempt);
    await mkdir(folder);
    return { target: { attempt, folder }, job: toJobName(attempt) };
  }

  function toCommand(settings: Record<string, unknown> = {}, more: Partial<PreparedCommand> = {}): PreparedCommand {
    return {
      argv: ['true'],
      environment: { FARHAND_SECRET_A: 'hunter2', FARHAND_OUTPUTS: '/farhand/job/outputs' },
      workingDirectory: '/farhand/job',
      files: [],
      settings: { image: 'busybox', pendingSeconds: 300, imageSeconds: 180, ...settings } as never,
      ...more,
    };
  }

  async function start(executor: Executor, target: ExecutionTarget, command = toCommand()): Promise<Execution> {
    const started = await executor.start(target, command);
    assert.ok(started.type === 'started', started.type === 'failed' ? started.message : '');
    return started.execution;
  }

  async function eventually(look: () => boolean, what: string): Promise<void> {
    for (let polls = 0; polls < 6_000; polls += 1) {
      if (look()) return;
      await delay(5);
    }
    assert.fail(`expected ${what}, and it did not come about`);
  }

  /** Somebody else's, with these labels. */
  async function createForeign(job: string, labels: Record<string, string> = {}): Promise<void> {
    const place = { resource: { group: 'batch', version: 'v1', plural: 'jobs', namespaced: true }, namespace: 'jobs' };
    const foreign = { metadata: { name: job, labels }, spec: { suspend: true } };
    await cluster.client.create(place, foreign, { signal: new AbortController().signal });
  }

  /** The cluster tells what happens, and does not answer who asks for a Job. */
  function refuseToBeAsked(): { count: number } {
    const asked = { count: 0 };
    cluster.before = (call) => {
      if (call !== 'get jobs') return;
      asked.count += 1;
      throw new KubernetesError('unreachable', 'nobody answers');
    };
    return asked;
  }

  const readRaw = ({ folder }: ExecutionTarget) => readFile(join(folder, 'raw'), 'utf8').catch(() => '');
  const whole = { rawBytes: 1_000_000, limitBytes: null, ofOtherUser: false };

  it('runs a command to its end, and leaves nothing behind', async () => {
    const executor = create();
    const { target, job } = await createPlace();

    const execution = await start(executor, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    cluster.print(job, 'one', 'two');
    assert.ok((await execution.started) !== null);
    cluster.end(job, 3, { message: '{"a":1}' });
    await execution.ended;

    assert.deepEqual(await executor.readEnd(target), {
      type: 'exit',
      status: 3,
      marked: false,
      at: Date.parse('2026-11-30T12:00:05Z'),
    });
    assert.equal(await readRaw(target), 'one\ntwo\n');
    assert.deepEqual(await executor.findGaps(target, whole), []);
    assert.equal(await readFile(join(target.folder, 'outputs'), 'utf8'), '{"a":1}');
    await executor.release(target);
    assert.deepEqual([cluster.names('jobs'), cluster.names('pods'), cluster.names('secrets')], [[], [], []]);
    assert.equal(await executor.adopt(target), null);
  });

  it('counts its Jobs by where they are, how they ended, and how long they took to begin', async () => {
    const executor = create();
    const [runs, waits] = [await createPlace(), await createPlace()];

    const execution = await start(executor, runs.target);
    await start(executor, waits.target);
    await eventually(() => cluster.names('pods').length === 2, 'both pods');
    const { states: before } = executor.status;
    cluster.run(runs.job);
    await execution.started;
    const { states: during } = executor.status;
    cluster.end(runs.job, 3);
    await execution.ended;

    const { states, counts } = executor.status;
    const none = { pending: 0, running: 0, stopping: 0, ending: 0 };
    assert.deepEqual(
      [before, during, states],
      [
        { ...none, pending: 2 },
        { ...none, pending: 1, running: 1 },
        { ...none, pending: 1 },
      ],
    );
    assert.deepEqual([counts.ended['exit-code'], counts.ended.evicted, counts.start.count], [1, 0, 1]);
  });

  it('says of its watches how well they know', async () => {
    const executor = create();
    executor.begin();
    await eventually(() => executor.status.sweep.done, 'the sweep');
    await eventually(() => executor.status.watches.every(({ state }) => state === 'current'), 'the watches');

    const { watches } = executor.status;

    assert.deepEqual(
      watches.map(({ resource, namespace, lists, error }) => [resource, namespace, lists, error]),
      [
        ['jobs', 'jobs', 1, null],
        ['pods', 'jobs', 1, null],
      ],
    );
  });

  it('says why leftovers were not looked for yet', async () => {
    cluster.isAway = true;
    const executor = create();

    executor.begin();

    await eventually(() => executor.status.sweep.error !== null, 'the reason');
    assert.equal(executor.status.sweep.done, false);
  });

  it('lets a Job go only when its Secret is there', async () => {
    const executor = create();
    const { target, job } = await createPlace();

    await start(executor, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');

    const changes = cluster.calls.filter((call) => /^(create|patch)/.test(call));
    assert.deepEqual(changes, ['create jobs', 'create secrets', 'patch jobs']);
    assert.doesNotMatch(JSON.stringify([cluster.get('jobs', job), cluster.get('pods', `${job}-1`)]), /hunter2/);
  });

  it('starts nothing twice', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const first = await start(executor, target);

    const second = await start(executor, target);
    await second.ended;

    assert.equal(await second.started, null);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    cluster.end(job, 0);
    await first.ended;
    const third = await start(executor, target);
    await third.ended;
    assert.equal(await third.started, null);
    assert.equal(cluster.calls.filter((call) => call === 'create jobs').length, 1);
  });

  it('never starts what the fence was taken of', async () => {
    const executor = create();
    const { target } = await createPlace();

    assert.equal(await executor.takeFence(target), true);
    const execution = await start(executor, target);
    await execution.ended;

    assert.equal(await execution.started, null);
    assert.deepEqual(await executor.inspect(target), { type: 'recovered' });
    assert.deepEqual(cluster.names('jobs'), []);
    assert.equal(await create().takeFence(target), true);
  });

  it('never starts what was to be stopped before it was let go', async () => {
    const executor = create();
    const { target } = await createPlace();
    await writeFile(join(target.folder, 'intent.json'), '{}');

    const execution = await start(executor, target);
    await execution.ended;

    assert.equal(await execution.started, null);
    assert.deepEqual(cluster.names('pods'), []);
    await executor.release(target);
    assert.deepEqual(cluster.names('jobs'), []);
  });

  describe('when the agent dies', () => {
    /** The first agent dies at the call; the second one recovers. */
    async function dieAt(call: string, moment: 'before' | 'after') {
      const { target, job } = await createPlace();
      const first = create();
      const died = Promise.withResolvers<void>();
      cluster[moment] = (made) => {
        if (made !== call) return;
        cluster[moment] = () => {};
        void first[Symbol.asyncDispose]();
        died.resolve();
        throw new KubernetesError('unreachable', 'died');
      };
      await first.start(target, toCommand()).catch((error: unknown) => assert.ok(error instanceof NotNow));
      await died.promise;
      return { target, job, second: create() };
    }

    for (const [call, moment] of [
      ['create jobs', 'before'],
      ['create jobs', 'after'],
      ['create secrets', 'before'],
      ['create secrets', 'after'],
    ] as const) {
      it(`${moment} it asked to ${call}, nothing was begun, and nothing ever is`, async () => {
        const { target, second } = await dieAt(call, moment);

        assert.deepEqual(await second.inspect(target), { type: 'none' });
        assert.equal(await second.takeFence(target), true);
        await second.release(target);

        assert.deepEqual([cluster.names('jobs'), cluster.names('secrets'), cluster.starts.size], [[], [], 0]);
      });
    }

    for (const moment of ['before', 'after'] as const) {
      it(`${moment} it asked to let the Job go, the next one goes on`, async () => {
        const { target, job, second } = await dieAt('patch jobs', moment);

        assert.equal(await second.takeFence(target), false);
        const execution = await second.adopt(target);
        assert.ok(execution !== null);
        await eventually(() => cluster.names('pods').length === 1, 'a pod');
        cluster.run(job);
        cluster.print(job, 'once');
        cluster.end(job, 0);
        await execution.ended;

        assert.equal(await readRaw(target), 'once\n');
        assert.equal(cluster.starts.get(job), 1);
        assert.equal((await second.readEnd(target))?.type, 'exit');
      });
    }

    it('while the command is at work, the next one takes its log to the end', async () => {
      const { target, job } = await createPlace();
      const first = create();
      await start(first, target);
      await eventually(() => cluster.names('pods').length === 1, 'a pod');
      cluster.run(job);
      cluster.print(job, 'one', 'two');
      while ((await readRaw(target)) !== 'one\ntwo\n') await delay(5);
      await first[Symbol.asyncDispose]();
      cluster.print(job, 'three');

      const second = create();
      const execution = await second.adopt(target);
      assert.ok(execution !== null && (await execution.started) !== null);
      cluster.print(job, 'four');
      cluster.end(job, 0);
      await execution.ended;

      assert.equal(await readRaw(target), 'one\ntwo\nthree\nfour\n');
      assert.deepEqual(await second.findGaps(target, whole), []);
      assert.deepEqual(second.status.counts.adopted, { found: 1, gone: 0, remade: 0, foreign: 0 });
    });

    it('and the command ends meanwhile, the next one reads how', async () => {
      const { target, job } = await createPlace();
      const first = create();
      await start(first, target);
      await eventually(() => cluster.names('pods').length === 1, 'a pod');
      await first[Symbol.asyncDispose]();
      cluster.run(job);
      cluster.print(job, 'alone');
      cluster.end(job, 9);

      const second = create();
      await (await second.adopt(target))?.ended;

      const end = await second.readEnd(target);
      assert.ok(end?.type === 'exit' && end.status === 9);
      assert.equal(await readRaw(target), 'alone\n');
    });

    /** Killed when it had given up a pod that did not start, and before the cluster heard of it. */
    async function dieGivingUp() {
      const { target, job } = await createPlace();
      const first = create();
      await start(first, target, toCommand({ pendingSeconds: 1 }));
      await eventually(() => cluster.names('pods').length === 1, 'a pod');
      let isAsked = false;
      cluster.before = (call) => {
        if (call !== 'delete pods') return;
        isAsked = true;
        throw new KubernetesError('unreachable', 'nobody answers');
      };
      await eventually(() => isAsked, 'the pod to be given up');
      await first[Symbol.asyncDispose]();
      cluster.before = () => {};
      return { target, job };
    }

    it('while it deletes a pod that it gave up, the next one knows why the pod went', async () => {
      const { target, job } = await dieGivingUp();
      cluster.removePod(job);

      const second = create();
      await (await second.adopt(target))?.ended;

      const end = await second.readEnd(target);
      assert.ok(end?.type === 'platform');
      assert.deepEqual([end.cause, end.retrySafe], ['unschedulable', false]);
      assert.match(end.message, /it may have begun in the last moment$/);
    });

    it('and a pod that it gave up begins after all, the next one leaves it at work', async () => {
      const { target, job } = await dieGivingUp();
      cluster.run(job);

      const second = create();
      const execution = await second.adopt(target);
      assert.ok(execution !== null && (await execution.started) !== null);
      await eventually(
        () => !readFileSync(join(target.folder, 'kubernetes.json'), 'utf8').includes('givenUp'),
        'it to be given up no more',
      );
      cluster.removePod(job);
      await execution.ended;

      const end = await second.readEnd(target);
      assert.ok(end?.type === 'platform' && end.cause === 'pod-deleted' && end.started === true);
    });

    it('and the Job is gone meanwhile, the attempt is lost', async () => {
      const { target, job } = await createPlace();
      const first = create();
      await start(first, target);
      await first[Symbol.asyncDispose]();
      cluster.removeJob(job);

      const second = create();
      await (await second.adopt(target))?.ended;

      const end = await second.readEnd(target);
      assert.ok(end?.type === 'platform');
      assert.deepEqual([end.cause, end.started, end.retrySafe], ['process-lost', 'unknown', false]);
      assert.equal((await second.findGaps(target, whole)).length, 1);
      const { adopted, ended, gaps } = second.status.counts;
      assert.deepEqual([adopted.gone, ended['process-lost'], gaps], [1, 1, { 'output-lost': 1 }]);
    });
  });

  it('takes its own Job of an earlier try, and starts it once', async () => {
    const executor = create();
    const { target } = await createPlace();
    cluster.after = (call) => {
      if (call === 'create jobs') throw new KubernetesError('timeout', 'no answer');
    };

    await assert.rejects(executor.start(target, toCommand()), NotNow);
    cluster.after = () => {};
    await start(executor, target);

    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    assert.equal(cluster.names('jobs').length, 1);
    assert.equal(executor.status.counts.adopted.found, 1);
  });

  it('takes no Job of its attempt that was made for another folder', async () => {
    const { target } = await createPlace();
    await start(create(), target);
    const folder = join(root, 'elsewhere', target.attempt);
    await mkdir(folder, { recursive: true });

    const started = await create().start({ ...target, folder }, toCommand());

    assert.ok(started.type === 'failed' && started.fault === 'environment');
    assert.match(started.message, /is not of this attempt's folder/);
  });

  it('lets no Job go before it is on the disk that it will', async () => {
    const { target } = await createPlace();
    let writes = 0;
    const executor = create('agent-1', {
      ...systemFileSystem,
      async open(path, flags, mode) {
        const isRecord = path.endsWith('/kubernetes.json.part');
        if (isRecord) writes += 1;
        if (isRecord && writes > 1) throw Object.assign(new Error('the disk is broken'), { code: 'EIO' });
        return systemFileSystem.open(path, flags, mode);
      },
    });

    await assert.rejects(executor.start(target, toCommand()), { code: 'EIO' });
    await delay(100);

    assert.ok(writes > 1);
    assert.equal(cluster.calls.includes('patch jobs'), false);
    assert.deepEqual(await executor.inspect(target), { type: 'none' });
  });

  it('has the fence on the disk before it says so', async () => {
    const { target } = await createPlace();
    let flushes = 0;
    const executor = create('agent-1', {
      ...systemFileSystem,
      async open(path, flags, mode) {
        const handle = await systemFileSystem.open(path, flags, mode);
        return { ...handle, sync: () => handle.sync().then(() => void (flushes += 1)) };
      },
    });

    assert.equal(await executor.takeFence(target), true);

    assert.ok(flushes > 0);
  });

  it('deletes no Job of another folder when its own was perhaps never made', async () => {
    const { target, job } = await createPlace();
    const executor = create();
    cluster.after = (call) => {
      if (call === 'create jobs') throw new KubernetesError('timeout', 'no answer');
    };
    await assert.rejects(executor.start(target, toCommand()), NotNow);
    cluster.after = () => {};
    cluster.removeJob(job);
    const folder = join(root, 'released', target.attempt);
    await mkdir(folder, { recursive: true });
    await start(create(), { ...target, folder });

    await executor.release(target);

    assert.deepEqual(cluster.names('jobs'), [job]);
  });

  it('takes a Job that somebody made anew under its name for none of its own', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');

    cluster.removeJob(job);
    await createForeign(job);
    await execution.ended;

    const end = await executor.readEnd(target);
    assert.equal(end?.type, 'platform');
    assert.deepEqual(cluster.names('jobs'), [job]);
  });

  it('lets no Job go that somebody made anew under its name', async () => {
    cluster.makesPods = false;
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    await eventually(() => cluster.calls.includes('patch jobs'), 'the Job to be let go');
    const { labels } = cluster.get('jobs', job)?.metadata ?? {};

    const asked = refuseToBeAsked();
    cluster.removeJob(job);
    await createForeign(job, labels ?? {});
    const lettingGo = () => cluster.calls.filter((call) => call === 'patch jobs').length;
    await eventually(() => asked.count > 1 || lettingGo() > 1, 'the cluster to be asked');
    cluster.before = () => {};
    await execution.ended;

    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'platform');
    assert.deepEqual([end.cause, end.started], ['process-lost', 'unknown']);
    assert.deepEqual(cluster.get('jobs', job)?.['spec'], { suspend: true });
  });

  it('lets no Job go that takes the place of its own in that very moment', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    cluster.before = (call) => {
      if (call !== 'patch jobs') return;
      cluster.before = () => {};
      cluster.removeJob(job);
      void createForeign(job);
    };

    const execution = await start(executor, target);
    await execution.ended;

    assert.equal((await executor.readEnd(target))?.type, 'platform');
    assert.deepEqual(cluster.get('jobs', job)?.['spec'], { suspend: true });
  });

  it('proves that nothing began also where somebody makes a Job of that name meanwhile', async () => {
    cluster.makesPods = false;
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    cluster.after = (call) => {
      if (call === 'delete jobs') void createForeign(job);
    };

    assert.deepEqual(await execution.clear({ graceMs: 100, boundMs: 20_000 }), { escaped: 0 });

    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'platform');
    assert.deepEqual([end.cause, end.started], ['start-failed', false]);
    assert.deepEqual(cluster.names('jobs'), [job]);
  });

  it('concludes nothing from another pod with its labels that somebody made', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    await execution.started;

    const terminated = { exitCode: 9, reason: 'Error', startedAt: '2026-11-30T12:00:00Z', finishedAt: null };
    const status = { phase: 'Failed', containerStatuses: [toMain({ terminated })] };
    cluster.makePod(cluster.get('jobs', job) ?? assert.fail('expected the Job'), `${job}-copy`, status);
    cluster.end(job, 0);
    await execution.ended;

    assert.partialDeepStrictEqual(await executor.readEnd(target), { type: 'exit', status: 0 });
  });

  for (const [call, isAtWork] of [
    ['delete pods', false],
    ['patch pods', true],
  ] as const) {
    it(`ends no pod that takes the place of its own in the moment of: ${call}`, async () => {
      const executor = create();
      const { target, job } = await createPlace();
      const execution = await start(executor, target);
      await eventually(() => cluster.names('pods').length === 1, 'a pod');
      if (isAtWork) cluster.run(job);
      if (isAtWork) await execution.started;
      const made = cluster.get('jobs', job) ?? assert.fail('expected the Job');
      cluster.before = (asked) => {
        if (asked !== call) return;
        cluster.before = () => {};
        cluster.removePod(job);
        cluster.makePod(made);
      };

      await execution.clear({ graceMs: 100, boundMs: 20_000 });

      assert.deepEqual(cluster.names('pods'), [`${job}-1`]);
      assert.deepEqual(cluster.get('pods', `${job}-1`)?.['spec'], {});
    });
  }

  it('refuses what no Secret holds, before anything is made', async () => {
    const { target } = await createPlace();
    const environment = { BIG: 'x'.repeat(1024 * 1024) };

    const started = await create().start(target, toCommand({}, { environment }));

    assert.ok(started.type === 'failed' && started.fault === 'command');
    assert.deepEqual([cluster.names('jobs'), cluster.names('secrets')], [[], []]);
  });

  it('touches no Job of its name that another made', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const foreign = { metadata: { name: job, annotations: { 'farhand.io/folder': 'other' } }, spec: { suspend: true } };
    const { resource, namespace } = {
      resource: { group: 'batch', version: 'v1', plural: 'jobs', namespaced: true },
      namespace: 'jobs',
    };
    await cluster.client.create({ resource, namespace }, foreign, { signal: new AbortController().signal });

    const started = await executor.start(target, toCommand());

    assert.ok(started.type === 'failed' && started.fault === 'environment');
    assert.match(started.message, /is not of this attempt's folder/);
    assert.equal(executor.status.counts.adopted.foreign, 1);
    await executor.release(target);
    assert.deepEqual(cluster.names('jobs'), [job]);
  });

  for (const [code, fault, cause] of [
    ['forbidden', 'environment', 'forbidden'],
    ['quota', 'environment', 'cluster-quota'],
    ['invalid', 'command', undefined],
    ['bad-request', 'command', undefined],
  ] as const) {
    it(`says that nothing was started when the cluster answers ${code}`, async () => {
      const executor = create();
      const { target } = await createPlace();
      const causes = [{ reason: 'FieldValueInvalid', message: 'must be positive', field: 'spec.x' }];
      cluster.before = (call) => {
        if (call === 'create jobs') throw new KubernetesError(code, 'no', { status: 400, causes });
      };

      const started = await executor.start(target, toCommand());

      assert.ok(started.type === 'failed');
      assert.deepEqual([started.fault, started.cause], [fault, cause]);
      assert.match(started.message, /spec\.x: must be positive/);
      assert.deepEqual(await executor.inspect(target), { type: 'none' });
    });
  }

  it('leaves no Job behind whose Secret the cluster does not take', async () => {
    const executor = create();
    const { target } = await createPlace();
    cluster.before = (call) => {
      if (call === 'create secrets') throw new KubernetesError('quota', 'exceeded quota: secrets', { status: 403 });
    };

    const started = await executor.start(target, toCommand());

    assert.ok(started.type === 'failed' && started.cause === 'cluster-quota');
    assert.deepEqual(await executor.inspect(target), { type: 'none' });
    await executor.release(target);
    assert.deepEqual(cluster.names('jobs'), []);
  });

  it('concludes nothing while the cluster cannot be asked', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target, toCommand({ pendingSeconds: 1 }));
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.isAway = true;
    cluster.cutWatches();
    await delay(1_500);

    assert.equal(await executor.readEnd(target), null);
    await assert.rejects(executor.start((await createPlace()).target, toCommand()), NotNow);

    cluster.run(job);
    cluster.isAway = false;
    cluster.cutWatches();
    cluster.end(job, 0);
    await execution.ended;
    assert.equal((await executor.readEnd(target))?.type, 'exit');
  });

  it('ends what runs by its node, and keeps its log', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    await execution.started;
    await writeFile(join(target.folder, 'intent.json'), '{}');
    cluster.after = (call) => {
      if (call !== 'patch pods') return;
      cluster.print(job, 'bye');
      cluster.end(job, 143);
    };

    // What is still there when the grace is over is deleted, with its log.
    assert.deepEqual(await execution.clear({ graceMs: 20_000, boundMs: 20_000 }), { escaped: 0 });

    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'exit');
    assert.deepEqual([end.status, end.marked], [143, true]);
    assert.equal(await readRaw(target), 'bye\n');
    assert.deepEqual(await executor.findGaps(target, whole), []);
  });

  it('leaves the KILL to the node that is ending the container, and keeps the log', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target, toCommand({}, { bounds: { timeoutMs: null, graceMs: 300 } }));
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    cluster.print(job, 'up');
    await eventually(() => cluster.calls.includes('get pods/log'), 'a log');

    await writeFile(join(target.folder, 'intent.json'), '{}');
    const cleared = execution.clear({ graceMs: 300, boundMs: 5_000 });
    await eventually(() => cluster.calls.includes('patch pods'), 'its node to be told');
    await delay(600);
    cluster.end(job, 137);
    await cleared;

    assert.ok(!cluster.calls.includes('delete pods'), cluster.calls.join());
    assert.deepEqual(await executor.findGaps(target, whole), []);
    assert.equal(await readRaw(target), 'up\n');
  });

  it('deletes the pod of what does not end in its grace', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    await execution.started;

    assert.deepEqual(await execution.clear(bounds), { escaped: 0 });

    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'platform' && end.cause === 'pod-deleted' && end.started === true);
    assert.equal((await executor.findGaps(target, whole))[0]?.why, 'output-lost');
  });

  it('proves that nothing began of a Job that was stopped before it made a pod', async () => {
    const executor = create();
    const { target } = await createPlace();
    cluster.makesPods = false;
    const execution = await start(executor, target);
    await writeFile(join(target.folder, 'intent.json'), '{}');

    assert.deepEqual(await execution.clear({ graceMs: 100, boundMs: 10_000 }), { escaped: 0 });

    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'platform');
    assert.deepEqual([end.started, end.marked], [false, true]);
    assert.deepEqual(cluster.names('jobs'), []);
  });

  it('takes the word of a Job whose pod came, succeeded and was deleted while no agent was there', async () => {
    const first = create();
    const { target, job } = await createPlace();
    await start(first, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    await first[Symbol.asyncDispose]();
    cluster.run(job);
    cluster.end(job, 0);
    cluster.dropPod(job);

    const second = create();
    const execution = (await second.adopt(target)) ?? assert.fail('expected to adopt it');
    await execution.ended;

    assert.deepEqual(await second.readEnd(target), { type: 'exit', status: 0, marked: false, at: null });
    assert.equal((await second.findGaps(target, whole))[0]?.why, 'output-lost');
    assert.equal(cluster.starts.get(job), 1);
  });

  it('looks for the pod of a Job that has succeeded before it takes the word of the Job alone', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    cluster.makesPods = false;
    const execution = await start(executor, target);
    await eventually(() => cluster.calls.includes('patch jobs'), 'the Job to be let go');
    const made = cluster.get('jobs', job) ?? assert.fail('expected the Job');
    // The watch of the pods is behind that of the Jobs.
    cluster.before = (call) => {
      if (call !== 'list pods' || cluster.names('pods').length > 0) return;
      cluster.makePod(made);
      cluster.run(job);
      cluster.print(job, 'hello');
      cluster.end(job, 0);
    };
    cluster.setJob(job, { succeeded: 1 });

    await execution.ended;

    assert.deepEqual(await executor.findGaps(target, whole), []);
    assert.equal(await readFile(join(target.folder, 'raw'), 'utf8'), 'hello\n');
  });

  it('tells where the log ends that an earlier agent had copied of a pod that is gone', async () => {
    const first = create();
    const { target, job } = await createPlace();
    await start(first, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    cluster.print(job, 'one', 'two');
    const raw = join(target.folder, 'raw');
    await eventually(() => existsSync(raw) && readFileSync(raw, 'utf8') === 'one\ntwo\n', 'two lines');
    await first[Symbol.asyncDispose]();
    cluster.removePod(job);

    const second = create();
    const execution = (await second.adopt(target)) ?? assert.fail('expected to adopt it');
    await execution.ended;

    assert.deepEqual(await second.findGaps(target, whole), [{ at: 8, bytes: null, why: 'output-lost' }]);
  });

  it('says not that nothing began of a stopped Job that has had a pod', async () => {
    const first = create();
    const { target, job } = await createPlace();
    await start(first, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    await first[Symbol.asyncDispose]();
    cluster.run(job);
    cluster.dropPod(job);
    cluster.setJob(job, { active: 1 });
    await writeFile(join(target.folder, 'intent.json'), '{}');

    const second = create();
    const execution = (await second.adopt(target)) ?? assert.fail('expected to adopt it');
    assert.deepEqual(await execution.clear({ graceMs: 100, boundMs: 10_000 }), { escaped: 0 });

    const end = await second.readEnd(target);
    assert.ok(end?.type === 'platform');
    assert.deepEqual([end.cause, end.started, end.retrySafe], ['pod-deleted', 'unknown', false]);
    assert.deepEqual(cluster.names('jobs'), []);
  });

  it('says not that nothing began of a Job whose pod came while it was being deleted', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    cluster.makesPods = false;
    const execution = await start(executor, target);
    await eventually(() => cluster.calls.includes('patch jobs'), 'the Job to be let go');
    const made = cluster.get('jobs', job) ?? assert.fail('expected the Job');
    let [isDeleted, looks] = [false, 0];
    cluster.before = (call) => {
      if (call === 'delete jobs') isDeleted = true;
      if (!isDeleted || call !== 'get jobs') return;
      looks += 1;
      if (looks !== 2) return;
      cluster.makePod(made);
      cluster.run(job);
    };

    assert.deepEqual(await execution.clear({ graceMs: 100, boundMs: 20_000 }), { escaped: 0 });

    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'platform');
    assert.deepEqual([cluster.starts.get(job), end.started, end.retrySafe], [1, true, false]);
    assert.deepEqual(cluster.names('pods'), []);
  });

  it('says to whoever wants the end that the cluster cannot be asked', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    await execution.started;
    cluster.isAway = true;

    await assert.rejects(execution.clear({ graceMs: 10, boundMs: 50 }), NotNow);

    cluster.isAway = false;
    assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
  });

  it('takes no node for lost that says nothing while the cluster cannot be asked', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    let isOver = false;
    void execution.ended.then(() => (isOver = true));
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    await execution.started;

    const asked = refuseToBeAsked();
    cluster.askForDeletion(job);
    await eventually(() => asked.count > 1 || isOver, 'the cluster to be asked');
    cluster.before = () => {};
    cluster.end(job, 0);
    await execution.ended;

    assert.partialDeepStrictEqual(await executor.readEnd(target), { type: 'exit', status: 0 });
  });

  it('gives nothing up whose time passes while the cluster cannot be asked', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const asked = refuseToBeAsked();
    const execution = await start(executor, target, toCommand({ pendingSeconds: 1 }));
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    await delay(1_200);

    const before = asked.count;
    const isGivenUp = () => cluster.calls.includes('delete pods');
    await eventually(() => asked.count > before + 1 || isGivenUp(), 'the cluster to be asked');
    cluster.before = () => {};
    cluster.run(job);
    await execution.started;
    cluster.end(job, 0);
    await execution.ended;

    assert.partialDeepStrictEqual(await executor.readEnd(target), { type: 'exit', status: 0 });
    assert.ok(!cluster.calls.includes('delete pods'));
  });

  it('gives up an image that does not come, and proves that nothing began', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target, toCommand({ imageSeconds: 1 }));
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    const waiting = { reason: 'ErrImagePull', message: 'no such image' };
    cluster.setPod(job, { phase: 'Pending', containerStatuses: [toMain({ waiting })] });
    const terminated = { exitCode: 137, reason: 'ContainerStatusUnknown', startedAt: null, finishedAt: null };
    const lastWord = { phase: 'Failed', containerStatuses: [{ ...toMain({ terminated }), containerID: '' }] };
    cluster.before = (call) => {
      if (call === 'delete pods') cluster.setPod(job, lastWord);
    };

    await execution.ended;

    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'platform');
    assert.deepEqual([end.cause, end.started, end.retrySafe], ['image-pull', false, true]);
    assert.match(end.message, /ErrImagePull: no such image/);
    assert.deepEqual(await executor.findGaps(target, whole), []);
  });

  it('asks no more than it must while the cluster refuses to delete what was given up', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target, toCommand({ pendingSeconds: 1 }));
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    let refusals = 0;
    cluster.before = (call) => {
      if (call !== 'delete pods') return;
      refusals += 1;
      throw new KubernetesError('unreachable', 'nobody answers');
    };
    await eventually(() => refusals >= 1, 'it to be given up');
    const asked = cluster.calls.length;
    for (let turns = 0; turns < 2_000; turns += 1) await new Promise((resolve) => void setImmediate(resolve));
    // As often as the clock says, not as fast as the cluster answers.
    assert.ok(cluster.calls.length - asked < 100, `${cluster.calls.length - asked} calls meanwhile`);

    cluster.before = () => {};
    await execution.ended;
    assert.equal(cluster.starts.get(job), undefined);
  });

  it('says that it may have begun when a pod that was given up did in the last moment', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target, toCommand({ pendingSeconds: 1 }));
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.before = (call) => {
      if (call === 'delete pods') cluster.run(job);
    };

    await execution.ended;

    const end = await executor.readEnd(target);
    assert.ok(end?.type === 'platform');
    assert.deepEqual([end.cause, end.started, end.retrySafe], ['unschedulable', true, false]);
  });

  it('cuts a log at its limit, and counts what it dropped', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    await writeFile(join(target.folder, 'raw'), 'hook\n');
    const execution = await start(executor, target, toCommand({}, { output: { file: 'raw', limitBytes: 6 } }));
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    cluster.print(job, 'one', 'two', 'three');
    cluster.end(job, 0);
    await execution.ended;

    assert.equal(await readRaw(target), 'hook\none\ntw');
    assert.deepEqual(await executor.findGaps(target, whole), [{ at: 11, bytes: 8, why: 'log-limit' }]);
  });

  it('hands over no outputs that the cluster cut', async () => {
    const executor = create();
    const { target, job } = await createPlace();
    const execution = await start(executor, target);
    await eventually(() => cluster.names('pods').length === 1, 'a pod');
    cluster.run(job);
    cluster.end(job, 0, { message: `a=b\n${'x'.repeat(4_092)}` });
    await execution.ended;

    assert.match(await readFile(join(target.folder, 'outputs'), 'utf8'), /^\{ expected less than 4096 bytes/);
  });

  it('sweeps what is left of attempts that have no folder any more, and nothing else', async () => {
    const first = create();
    const other = create('agent-2');
    const places = await Promise.all(Array.from({ length: 5 }, createPlace));
    const [ended, running, unlet, known, foreign] = places;
    assert.ok(ended && running && unlet && known && foreign);
    for (const { target } of [ended, running, known]) await start(first, target);
    await start(other, foreign.target);
    await eventually(() => cluster.names('pods').length === 4, 'pods');
    cluster.before = (call) => {
      if (call === 'create secrets') throw new KubernetesError('unreachable', 'died');
    };
    await assert.rejects(first.start(unlet.target, toCommand()), NotNow);
    cluster.before = () => {};
    await first[Symbol.asyncDispose]();
    for (const { job } of [ended, known, foreign]) cluster.end(job, 0);
    for (const { target } of [ended, running, unlet, foreign]) await rm(target.folder, { recursive: true });

    const next = create();
    next.begin();

    await eventually(() => cluster.names('jobs').length === 3, 'three Jobs');
    await delay(50);
    assert.deepEqual(cluster.names('jobs').toSorted(), [running.job, known.job, foreign.job].toSorted());
    assert.equal(next.status.counts.swept, 2);
  });

  it('sweeps each namespace that it has ever used, and leaves one that is shut to it', async () => {
    const first = create('agent-3');
    const [near, far, shut] = [await createPlace(), await createPlace(), await createPlace()];
    await start(first, near.target);
    await start(first, far.target, toCommand({ namespace: 'far' }));
    await start(first, shut.target, toCommand({ namespace: 'shut' }));
    await eventually(() => cluster.names('pods').length === 3, 'pods');
    await first[Symbol.asyncDispose]();
    for (const { target, job } of [near, far, shut]) {
      cluster.end(job, 0);
      await rm(target.folder, { recursive: true });
    }
    cluster.shutNamespaces.add('shut');

    const second = create('agent-3');
    second.begin();

    await eventually(() => cluster.names('jobs').length === 1, 'one Job');
    assert.deepEqual(cluster.names('jobs'), [shut.job]);
    await second[Symbol.asyncDispose]();
  });

  it('runs many at once, each its own', async () => {
    const executor = create();
    const places = await Promise.all(Array.from({ length: 50 }, createPlace));

    const executions = await Promise.all(places.map(({ target }) => start(executor, target)));
    await eventually(() => cluster.names('pods').length === 50, '50 pods');
    for (const [index, { job }] of places.entries()) {
      cluster.run(job);
      cluster.print(job, `${index}`);
      cluster.end(job, index);
    }
    await Promise.all(executions.map(({ ended }) => ended));

    for (const [index, { target }] of places.entries()) {
      assert.equal(await readRaw(target), `${index}\n`);
      const end = await executor.readEnd(target);
      assert.ok(end?.type === 'exit' && end.status === index);
      await executor.release(target);
    }
    assert.deepEqual(cluster.names('jobs'), []);
    assert.equal(cluster.calls.filter((call) => call.startsWith('watch')).length, 2);
  });
});
