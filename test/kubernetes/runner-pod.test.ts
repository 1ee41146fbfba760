import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { provideImage } from '../support/image-archive.ts';
import { type KubeCluster, kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { until } from '../support/until.ts';
import { findContainer } from './pod-processes.ts';
import { runnerImage, withRunnerPlace } from './runner-place.ts';

describe('a pod with a runner', { skip: kubeSkip }, () => {
  let cluster: KubeCluster;
  before(async () => {
    cluster = await startKubeCluster({ size: 'node' });
    await cluster.loadImage(await provideImage(cluster.folder), runnerImage);
  });
  after(() => cluster[Symbol.asyncDispose]());

  it('brings a log that is whole and checked, outputs, and no secret', async () => {
    const script = [
      'i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done',
      'echo "and $FARHAND_SECRET_PASSWORD"',
      'echo \'{"answer": 42}\' >"$FARHAND_OUTPUTS"',
    ].join('\n');
    await withRunnerPlace(cluster, { automations: { work: script } }, async (place) => {
      const job = await place.submit('work', { secrets: { password: 'hunter2-secret' } });

      const ended = await place.end(job);

      assert.equal(ended.state, 'succeeded', `${ended.cause}: ${ended.message}`);
      assert.deepEqual([ended.outputs, ended.log?.complete, ended.log?.gaps], [{ answer: 42 }, true, []]);
      const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('');
      assert.equal(await place.readLog(job), `${lines}and ***\n`);
    });
    await until(
      'nothing to be left',
      async () => (await cluster.kubectl('get', 'pods,jobs,secrets', '-o', 'name')).trim() === '',
    );
  });

  it('is stopped with all that it started when the job is cancelled', async () => {
    const script = "echo begun\n(trap '' TERM; sleep 600) &\nsetsid sleep 600 &\nsleep 600";
    await withRunnerPlace(cluster, { automations: { work: script } }, async (place) => {
      const job = await place.submit('work');
      await place.waitForLog(job, 'begun');

      await place.hub.call('POST', `/jobs/${job.id}/cancel`);
      const ended = await place.end(job);

      assert.deepEqual([ended.state, ended.cause], ['cancelled', 'cancelled'], ended.message ?? '');
      assert.match(await place.readLog(job), /^begun\n/);
    });
  });

  it('is told truly when somebody deletes it at once: what the hub has of its log, and a gap', async () => {
    await withRunnerPlace(cluster, { automations: { work: 'echo begun\nsleep 600' } }, async (place) => {
      const job = await place.submit('work');
      await place.waitForLog(job, 'begun\n');

      await cluster.kubectl('delete', 'pods', '--all', '--grace-period=0', '--force');
      const ended = await place.end(job);

      assert.ok(
        ended.state !== 'succeeded' && ended.started !== false,
        `${ended.state} ${ended.cause} ${ended.message}`,
      );
      assert.match(await place.readLog(job), /^begun\n/);
    });
  });

  it('goes on when its runner is killed', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "line $i"; sleep 1; done';
    await withRunnerPlace(cluster, { automations: { work: script } }, async (place) => {
      const job = await place.submit('work');
      await place.waitForLog(job, 'line 3');

      for (const pid of findContainer(await place.findPod(job), 'runner')) process.kill(pid, 'SIGKILL');
      const ended = await place.end(job);

      assert.equal(ended.state, 'succeeded', `${ended.cause}: ${ended.message}`);
      assert.equal(ended.log?.complete, true);
      const lines = Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`).join('');
      assert.equal(await place.readLog(job), lines);
    });
  });

  it('brings all there is of a command that ended while the hub was away, for longer than the grace of its pod', async () => {
    const script = 'echo begun\nsleep 3\necho end\necho \'{"answer": 42}\' >"$FARHAND_OUTPUTS"';
    await withRunnerPlace(cluster, { automations: { work: { script, graceSeconds: 1 } } }, async (place) => {
      const job = await place.submit('work');
      await place.waitForLog(job, 'begun');
      place.line.leadTo(1);
      place.line.cut();
      await delay(30_000);

      place.line.leadTo(Number(new URL(place.hub.address).port));
      const ended = await place.end(job);

      assert.deepEqual([ended.state, ended.outputs, ended.log?.complete], ['succeeded', { answer: 42 }, true]);
      assert.equal(await place.readLog(job), 'begun\nend\n');
    });
  });

  it('gives its command what an automation can have', async () => {
    const script = [
      'echo "$GREETING from $(pwd), $FARHAND_ATTEMPT, $(cat "$FARHAND_PARAMETERS")"',
      'echo "$FROM_SECRET" | tr a-z A-Z',
      'echo "50 half" >"$FARHAND_PROGRESS"',
      'head -c 20000 /dev/zero | tr "\\0" x >big',
      'echo "{\\"long\\": \\"$(cat big)\\"}" >"$FARHAND_OUTPUTS"',
    ].join('\n');
    const work = {
      script,
      environment: { GREETING: 'hello ${parameters.name}', FROM_SECRET: '${secrets.word}' },
      workingDirectory: '/tmp',
      outputs: { type: 'object', required: ['long'] },
    };
    await withRunnerPlace(cluster, { automations: { work } }, async (place) => {
      const given = await place.submit('work', { parameters: { name: 'ada' }, secrets: { word: 'hunter2secret' } });
      const job = await place.end(given);

      assert.equal(job.state, 'succeeded', job.message ?? '');
      assert.deepEqual(job.outputs, { long: 'x'.repeat(20_000) });
      assert.equal(await place.readLog(job), 'hello ada from /tmp, 1, {"name":"ada"}\nHUNTER2SECRET\n');
    });
  });

  it('ends its command when its time is over, and when it prints too much', async () => {
    const late = { script: "trap 'echo bye; exit 5' TERM\nwhile :; do sleep 0.2; done", timeoutSeconds: 3 };
    const loud = { script: 'yes', log: { limitBytes: 10_000 } };
    await withRunnerPlace(cluster, { automations: { late, loud } }, async (place) => {
      const jobs = [await place.submit('late'), await place.submit('loud')];
      const ended = await Promise.all(jobs.map((job) => place.end(job)));

      const causes = ended.map(({ state, cause }) => `${state} ${cause}`);
      assert.deepEqual(causes, ['timed-out timeout', 'failed log-limit']);
    });
  });

  it('is none where hooks, or a log that goes on beyond its limit, need the agent', async () => {
    const hooks = { script: 'echo work', before: ['echo', 'before'], after: ['echo', 'after'] };
    const long = { script: 'head -c 5000 /dev/zero | tr "\\0" x; echo', log: { limitBytes: 1_000, over: 'gap' } };
    await withRunnerPlace(cluster, { automations: { hooks, long } }, async (place) => {
      const jobs = [await place.submit('hooks'), await place.submit('long')];
      const [one, other] = await Promise.all(jobs.map((job) => place.end(job)));

      assert.ok(one && other);
      assert.deepEqual(
        [one.state, await place.readLog(one)],
        ['succeeded', 'before\nwork\nafter\n'],
        one.message ?? '',
      );
      assert.deepEqual([other.state, other.log?.gaps[0]?.why], ['succeeded', 'log-limit'], other.message ?? '');
    });
  });
});
