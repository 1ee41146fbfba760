import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { provideImage } from '../support/image-archive.ts';
import { type KubeCluster, kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';
import { findClusterProcess } from './cluster-process.ts';
import { findContainer, findMemoryGroup } from './pod-processes.ts';
import { type RunnerPlace, type RunnerPlaceOptions, runnerImage, withRunnerPlace } from './runner-place.ts';

const waits = 'echo begun\nsleep 600';

/** Bounds the memory of the runner. */
function boundRunner(memory: string): object {
  return { patch: { spec: { initContainers: [{ name: 'farhand-runner', resources: { limits: { memory } } }] } } };
}

/** Fills the memory of a process's container from outside; nobody else can be killed for it but what is in there. */
async function starve(pid: number, mebibytes: number): Promise<void> {
  const group = findMemoryGroup(pid);
  const script = `echo -1000 >/proc/self/oom_score_adj; echo $$ >${group}/cgroup.procs; exec dd if=/dev/zero of=/dev/null bs=${mebibytes}M count=1`;
  await once(spawn('sh', ['-c', script], { stdio: 'ignore' }), 'exit');
}

const whole = { complete: true, gaps: [] };

function logOf({ log }: Job): object {
  return { complete: log?.complete, gaps: log?.gaps };
}

function endOf({ state, cause, started, exitCode }: Job): object {
  return { state, cause, started, exitCode };
}

describe('a pod with a runner ends truly', { skip: kubeSkip }, () => {
  let cluster: KubeCluster;
  before(async () => {
    cluster = await startKubeCluster({ size: 'node' });
    await cluster.loadImage(await provideImage(cluster.folder), runnerImage);
  });
  after(() => cluster[Symbol.asyncDispose]());

  const within = (options: RunnerPlaceOptions, test: (place: RunnerPlace) => Promise<void>) =>
    withRunnerPlace(cluster, options, test);

  async function evict(name: string): Promise<void> {
    const file = join(cluster.folder, 'eviction.json');
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } };
    await writeFile(file, JSON.stringify(body));
    await cluster.kubectl('create', '--raw', `/api/v1/namespaces/default/pods/${name}/eviction`, '-f', file);
  }

  /** Waits for the first attempt of a job that is tried again for ever, and ends the job. */
  async function firstAttempt(place: RunnerPlace, job: Job) {
    const attempt = await until(
      'the end of an attempt',
      async () => (await place.attempts(job))[0]?.outcome && (await place.attempts(job))[0],
    );
    await place.hub.call('POST', `/jobs/${job.id}/cancel`);
    await place.end(job);
    return attempt;
  }

  it('when its command takes more memory than it may have: the kernel kills the command, and its log is whole', async () => {
    const script = 'echo begun\ndd if=/dev/zero of=/dev/null bs=200M count=1';
    const kubernetes = { resources: { limits: { memory: '48Mi' } } };
    await within({ automations: { work: { script, kubernetes } } }, async (place) => {
      const job = await place.end(await place.submit('work'));

      assert.deepEqual(
        endOf(job),
        { state: 'failed', cause: 'out-of-memory', started: true, exitCode: 137 },
        job.message ?? '',
      );
      assert.deepEqual(logOf(job), whole);
      assert.match(await place.readLog(job), /^begun\n/);
    });
  });

  it('when all of its command is killed at once, what it ran under too: it is lost, and its log is whole', async () => {
    await within({ automations: { work: waits } }, async (place) => {
      const given = await place.submit('work');
      await place.waitForLog(given, 'begun\n');

      const [first = 0] = findContainer(await place.findPod(given), 'command');
      process.kill(first, 'SIGKILL');
      const job = await place.end(given);

      assert.deepEqual(
        endOf(job),
        { state: 'lost', cause: 'process-lost', started: true, exitCode: null },
        job.message ?? '',
      );
      assert.deepEqual(logOf(job), whole);
      assert.equal(await place.readLog(job), 'begun\n');
    });
  });

  it('when its runner is killed for its memory: it starts again, and the job goes on', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i"; sleep 1; done';
    await within({ automations: { work: { script, kubernetes: boundRunner('200Mi') } } }, async (place) => {
      const given = await place.submit('work');
      await place.waitForLog(given, 'line 2\n');
      const pod = await place.findPod(given);
      const [runner = 0] = findContainer(pod, 'runner').slice(-1);

      await starve(runner, 190);
      const job = await place.end(given);

      const lines = Array.from({ length: 10 }, (_, index) => `line ${index + 1}\n`).join('');
      assert.deepEqual([job.state, await place.readLog(job)], ['succeeded', lines], job.message ?? '');
      assert.deepEqual(logOf(job), whole);
    });
  });

  it('when its runner never has the memory that it needs: nothing began, and the job is tried again', async () => {
    await within(
      { automations: { work: { script: 'true', kubernetes: boundRunner('16Mi') } }, limits: { runnerMs: 3_000 } },
      async (place) => {
        const attempt = await firstAttempt(place, await place.submit('work'));

        assert.ok(attempt);
        const { outcome, cause, started, message } = attempt;
        assert.deepEqual([outcome, cause, started], ['never-started', 'out-of-memory', false], message ?? '');
      },
    );
  });

  it('when it fills the disk of its node', async () => {
    const script = 'echo begun\ndd if=/dev/zero of=big bs=1M count=40\nsleep 600';
    const kubernetes = { resources: { limits: { 'ephemeral-storage': '10Mi' } } };
    await within({ automations: { work: { script, kubernetes } } }, async (place) => {
      const job = await place.end(await place.submit('work'));

      assert.deepEqual([job.state, job.cause, job.started], ['failed', 'evicted', true], job.message ?? '');
      assert.match(await place.readLog(job), /^begun\n/);
    });
  });

  it('when it is evicted: its command has its grace, and its log is whole', async () => {
    const script = "trap 'echo bye; exit 5' TERM\necho begun\nwhile :; do sleep 0.2; done";
    await within({ automations: { work: script } }, async (place) => {
      const given = await place.submit('work');
      await place.waitForLog(given, 'begun\n');

      await evict((await place.findPod(given)).name);
      const job = await place.end(given);

      assert.deepEqual(
        endOf(job),
        { state: 'failed', cause: 'evicted', started: true, exitCode: 5 },
        job.message ?? '',
      );
      assert.deepEqual(logOf(job), whole);
      assert.match(await place.readLog(job), /^begun\n(Terminated\n)?bye\n$/);
    });
  });

  it('when it is evicted while its result is on the way: what is known of its end is said, and what was lost with it', async () => {
    const script = 'echo begun\nsleep 600 || true\necho \'{"a": 1}\' >"$FARHAND_OUTPUTS"';
    const automations = { plain: script, exact: { script, outputs: { type: 'object', required: ['a'] } } };
    const runner = { environment: { FARHAND_RUNNER_STOP_SECONDS: '2' } };
    await within({ automations, runner }, async (place) => {
      const jobs = [await place.submit('plain'), await place.submit('exact')];
      for (const job of jobs) await place.waitForLog(job, 'begun\n');
      const pods = await Promise.all(jobs.map((job) => place.findPod(job)));
      using _ = place.line.hold('up');
      for (const pod of pods) process.kill(findContainer(pod, 'command').at(-1) ?? 0, 'SIGKILL');
      const exit = ['-c', 'main', '--', 'sh', '-c', 'cat /farhand/shared/attempts/*/exit'];
      const isOver = async (name: string) => (await cluster.kubectl('exec', name, ...exit)).startsWith('0\n');
      for (const { name } of pods) await until('the end of the command', () => isOver(name));

      for (const { name } of pods) await evict(name);
      const [plain, exact] = await Promise.all(jobs.map((job) => place.end(job)));

      assert.ok(plain && exact);
      assert.deepEqual(
        endOf(plain),
        { state: 'succeeded', cause: 'exit-code', started: true, exitCode: 0 },
        plain.message ?? '',
      );
      assert.match(plain.message ?? '', /outputs/);
      assert.deepEqual(
        endOf(exact),
        { state: 'failed', cause: 'outputs-invalid', started: true, exitCode: 0 },
        exact.message ?? '',
      );
      for (const job of [plain, exact]) {
        assert.deepEqual(logOf(job), { complete: false, gaps: [{ at: 6, bytes: null, why: 'runner-gone' }] });
      }
    });
  });

  it('when somebody deletes it: its command has its grace, and its log is whole', async () => {
    await within({ automations: { work: waits } }, async (place) => {
      const given = await place.submit('work');
      await place.waitForLog(given, 'begun\n');

      await cluster.kubectl('delete', 'pod', (await place.findPod(given)).name, '--wait=false');
      const job = await place.end(given);

      assert.deepEqual(
        endOf(job),
        { state: 'failed', cause: 'pod-deleted', started: true, exitCode: 143 },
        job.message ?? '',
      );
      assert.deepEqual(logOf(job), whole);
    });
  });

  it('when somebody deletes it at once: the log has a gap', async () => {
    await within({ automations: { work: waits } }, async (place) => {
      const given = await place.submit('work');
      await place.waitForLog(given, 'begun\n');

      await cluster.kubectl('delete', 'pod', (await place.findPod(given)).name, '--grace-period=0', '--force');
      const job = await place.end(given);

      assert.deepEqual([job.state, job.cause, job.started], ['failed', 'pod-deleted', true], job.message ?? '');
      assert.match(await place.readLog(job), /^begun\n/);
    });
  });

  it('when somebody deletes its Job', async () => {
    await within({ automations: { work: waits } }, async (place) => {
      const given = await place.submit('work');
      await place.waitForLog(given, 'begun\n');

      const { name } = await place.findPod(given);
      await cluster.kubectl('delete', 'job', name.slice(0, name.lastIndexOf('-')), '--wait=false');
      const job = await place.end(given);

      assert.deepEqual([job.cause, job.started], ['pod-deleted', true], job.message ?? '');
      assert.deepEqual(logOf(job), whole);
    });
  });

  const unborn = [
    ['no node takes it', 'unschedulable', { kubernetes: { nodeSelector: { no: 'such' }, pendingSeconds: 2 } }, {}],
    ['its image is not to be had', 'image-pull', { kubernetes: { image: 'localhost/nothing:1', imageSeconds: 3 } }, {}],
    [
      "its runner's image is not to be had",
      'image-pull',
      { kubernetes: { imageSeconds: 3 } },
      { image: 'localhost/nothing:1' },
    ],
  ] as const;
  for (const [what, expected, keys, runner] of unborn) {
    it(`when ${what}: nothing began, and the job is tried again`, async () => {
      await within({ automations: { work: { script: 'true', ...keys } }, runner }, async (place) => {
        const attempt = await firstAttempt(place, await place.submit('work'));

        assert.ok(attempt);
        const { outcome, cause, started, message } = attempt;
        assert.deepEqual([outcome, cause, started], ['never-started', expected, false], message ?? '');
      });
    });
  }

  it('when the programs of its node are started again: nothing happens to it', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "line $i"; sleep 1; done';
    await within({ automations: { work: script } }, async (place) => {
      const given = await place.submit('work');
      await place.waitForLog(given, 'line 2\n');

      for (const name of ['containerd', 'kubelet'] as const) {
        const program = await findClusterProcess(cluster, name);
        await program.kill();
        await program.startAgain();
      }
      const job = await place.end(given);

      const lines = Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`).join('');
      assert.deepEqual([job.state, await place.readLog(job)], ['succeeded', lines], job.message ?? '');
      assert.deepEqual(logOf(job), whole);
    });
  });

  it('when its node is started again: it is lost, and never begins a second time', async () => {
    await within({ automations: { work: waits } }, async (place) => {
      const given = await place.submit('work');
      await place.waitForLog(given, 'begun\n');

      await cluster.restart();
      const job = await place.end(given);

      assert.equal(job.started, true, `${job.state} ${job.cause}: ${job.message}`);
      assert.ok(['lost', 'failed'].includes(job.state), job.state);
      assert.equal(await place.readLog(job), 'begun\n');
    });
  });
});
