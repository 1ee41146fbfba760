import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openCatalog } from '../../agent/automations/catalog.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import {
  createKubernetesExecutor,
  type KubernetesExecutor,
} from '../../agent/executors/kubernetes/kubernetes-executor.ts';
import { createProcessExecutor } from '../../agent/executors/process/process-executor.ts';
import type { Job } from '../../protocol/job.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { systemRandom } from '../../runtime/random.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';
import { createAgentPlace } from '../agent/agent-place.ts';
import { provideImage } from '../support/image-archive.ts';
import { type KubeCluster, kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { startTestHub, type TestHub } from '../support/test-hub.ts';
import { until } from '../support/until.ts';
import { openAdminClient, testImage } from './job-place.ts';

const runnerImage = 'localhost/farhand:test';
const over = ['failed', 'succeeded', 'lost', 'cancelled', 'timed-out'] as const;

interface Given {
  readonly hub: TestHub;
  readonly cluster: KubeCluster;
  readonly readLog: (job: Job) => Promise<string>;
}

async function withPods(
  cluster: KubeCluster,
  scripts: Readonly<Record<string, string>>,
  test: (given: Given) => Promise<void>,
): Promise<void> {
  await using place = await createAgentPlace();
  await using hub = await startTestHub();
  await using client = openAdminClient(cluster);
  const name = randomUUID();
  const folder = await mkdtemp(join(tmpdir(), 'farhand-runner-pods-'));
  const catalogFolder = join(folder, 'automations');
  await mkdir(catalogFolder);
  for (const [name, script] of Object.entries(scripts)) {
    const text = `name: ${name}\nkind: script\nexecutor: kubernetes\nkubernetes: {image: "${testImage}"}\nscript: |\n  ${script.replaceAll('\n', '\n  ')}\n`;
    await writeFile(join(catalogFolder, `${name}.yaml`), text);
  }
  const common = { clock: systemClock, logger: silentLogger };
  const { port } = new URL(hub.address);
  await using local = createProcessExecutor({ fileSystem: systemFileSystem, ...common });
  await using pods: KubernetesExecutor = createKubernetesExecutor({
    ...common,
    client,
    agentId: () => name,
    isKnown: async () => true,
    fileSystem: systemFileSystem,
    random: systemRandom,
    loops: createLoopBoard(systemClock),
    runner: {
      image: runnerImage,
      caPath: null,
      shell: '/opt/farhand/bin/sh-static',
      environment: {
        FARHAND_HUB_URL: `ws://${cluster.host}:${port}`,
        FARHAND_INSECURE: 'true',
        FARHAND_LOG_LEVEL: 'debug',
      },
    },
  });
  const catalog = await openCatalog(catalogFolder);
  assert.deepEqual(catalog.current.mistakes, []);
  try {
    const agent = await place.create({
      dataFolder: join(folder, 'data'),
      enrolment: { hubUrls: [hub.address], joinToken: await hub.joinToken() },
      ways: [{ url: hub.address, ...createWebsocketTransport({ ...common, url: hub.address, limits: defaultLimits }) }],
      catalog,
      executors: createExecutors(local, [pods]),
    });
    await agent.ready;
    await test({
      hub,
      cluster,
      async readLog({ id }) {
        const headers = { authorization: 'Bearer test-administrator-token-0123456789abcdef' };
        return (await fetch(`${hub.address}/api/v1/jobs/${id}/log`, { headers })).text();
      },
    });
    await until('the folder to be freed', () => agent.status().attempts.length === 0);
  } finally {
    await place[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Processes of this machine that dial this hub from a pod: by their environment, which no other cluster's have. */
function findRunners(port: string): readonly number[] {
  const found = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      const isRunner = environment.some((entry) => entry.startsWith('FARHAND_RUNNER_ORDER='));
      return (
        isRunner && environment.some((entry) => entry.startsWith('FARHAND_HUB_URL=') && entry.endsWith(`:${port}`))
      );
    } catch {
      return false;
    }
  });
  assert.ok(found.length > 0, 'expected a runner');
  return found.map(Number);
}

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
    await withPods(cluster, { work: script }, async ({ hub, readLog }) => {
      const job = await hub.submit({ automation: 'work', secrets: { password: 'hunter2-secret' } });

      const ended = await hub.jobIn(job.id, ...over);

      assert.equal(ended.state, 'succeeded', `${ended.cause}: ${ended.message}`);
      assert.deepEqual([ended.outputs, ended.log?.complete, ended.log?.gaps], [{ answer: 42 }, true, []]);
      const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('');
      assert.equal(await readLog(job), `${lines}and ***\n`);
    });
    await until(
      'nothing to be left',
      async () => (await cluster.kubectl('get', 'pods,jobs,secrets', '-o', 'name')).trim() === '',
    );
  });

  it('is stopped with all that it started when the job is cancelled', async () => {
    const script = "echo begun\n(trap '' TERM; sleep 600) &\nsetsid sleep 600 &\nsleep 600";
    await withPods(cluster, { work: script }, async ({ hub, readLog }) => {
      const job = await hub.submit({ automation: 'work' });
      await until('the command', async () => (await readLog(job)).includes('begun'));

      await hub.call('POST', `/jobs/${job.id}/cancel`);
      const ended = await hub.jobIn(job.id, ...over);

      assert.deepEqual([ended.state, ended.cause], ['cancelled', 'cancelled'], ended.message ?? '');
      assert.match(await readLog(job), /^begun\n/);
    });
  });

  it('is told truly when somebody deletes it at once: what the hub has of its log, and a gap', async () => {
    await withPods(cluster, { work: 'echo begun\nsleep 600' }, async ({ hub, readLog }) => {
      const job = await hub.submit({ automation: 'work' });
      await until('the command', async () => (await readLog(job)) === 'begun\n');

      await cluster.kubectl('delete', 'pods', '--all', '--grace-period=0', '--force');
      const ended = await hub.jobIn(job.id, ...over);

      assert.ok(
        ended.state !== 'succeeded' && ended.started !== false,
        `${ended.state} ${ended.cause} ${ended.message}`,
      );
      assert.match(await readLog(job), /^begun\n/);
    });
  });

  it('goes on when its runner is killed', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "line $i"; sleep 1; done';
    await withPods(cluster, { work: script }, async ({ hub, readLog }) => {
      const job = await hub.submit({ automation: 'work' });
      await until('the command', async () => (await readLog(job)).includes('line 3'));

      for (const pid of findRunners(new URL(hub.address).port)) process.kill(pid, 'SIGKILL');
      const ended = await hub.jobIn(job.id, ...over);

      assert.equal(ended.state, 'succeeded', `${ended.cause}: ${ended.message}`);
      assert.equal(ended.log?.complete, true);
      const lines = Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`).join('');
      assert.equal(await readLog(job), lines);
    });
  });
});
