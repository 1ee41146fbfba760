import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Agent } from '../../agent/agent.ts';
import { openCatalog } from '../../agent/automations/catalog.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import type { Job } from '../../protocol/job.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createGrpcTransport } from '../../transports/grpc/grpc-transport.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createPodCluster, type PodCluster, type PodClusterOptions } from '../support/pod-executor.ts';
import { startTestHub, type TestHub } from '../support/test-hub.ts';
import { until } from '../support/until.ts';
import { createAgentPlace } from './agent-place.ts';

checkLeaks();

const wires = { ws: createWebsocketTransport, grpc: createGrpcTransport } as const;

interface Given {
  readonly hub: TestHub;
  readonly cluster: PodCluster;
  readonly agent: Agent;
  /** Another agent on the same folder. */
  readonly startAgent: () => Promise<Agent>;
  readonly lines: () => Promise<readonly string[]>;
  readonly readLog: (job: Job) => Promise<string>;
  /** Of the automation. */
  readonly file: string;
}

const over = ['failed', 'succeeded', 'lost', 'cancelled', 'timed-out'] as const;

/** A hub, and an agent whose jobs run as pods. LEDGER in the script is a file that outlives them. */
async function withCluster(
  script: string,
  test: (given: Given) => Promise<void>,
  {
    wire = 'ws',
    named = true,
    ...options
  }: { readonly wire?: keyof typeof wires; readonly named?: boolean } & Omit<Partial<PodClusterOptions>, 'hubUrl'> = {},
): Promise<void> {
  await using place = await createAgentPlace();
  await using hub = await startTestHub();
  const folder = await mkdtemp(join(tmpdir(), 'farhand-handover-'));
  const [catalogFolder, dataFolder, ledger] = [
    join(folder, 'automations'),
    join(folder, 'data'),
    join(folder, 'ledger'),
  ];
  await mkdir(catalogFolder);
  await writeFile(ledger, '');
  const text = script.replaceAll('LEDGER', ledger).replaceAll('\n', '\n  ');
  const file = join(catalogFolder, 'work.yaml');
  await writeFile(file, `${named ? 'name: work\n' : ''}kind: script\nscript: |\n  ${text}\n`);
  const hubUrl = hub.address.replace('http', wire);
  const common = { clock: systemClock, limits: defaultLimits, logger: silentLogger };
  await using cluster = createPodCluster({ ...options, hubUrl });
  const joinToken = await hub.joinToken();
  const startAgent = async () => {
    const agent = await place.create({
      dataFolder,
      enrolment: { hubUrls: [hub.address], joinToken },
      ways: [{ url: hubUrl, ...wires[wire]({ ...common, url: hubUrl }) }],
      catalog: await openCatalog(catalogFolder),
      executors: createExecutors(cluster.executor),
    });
    await agent.ready;
    return agent;
  };
  try {
    const agent = await startAgent();
    await test({
      hub,
      cluster,
      agent,
      startAgent,
      file,
      lines: async () => (await readFile(ledger, 'utf8')).split('\n').filter((line) => line !== ''),
      async readLog({ id }) {
        const headers = { authorization: 'Bearer test-administrator-token-0123456789abcdef' };
        return (await fetch(`${hub.address}/api/v1/jobs/${id}/log`, { headers })).text();
      },
    });
  } finally {
    await place[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

function folderIsFree(agent: Agent): Promise<true> {
  return until('the folder to be freed', () => agent.status().attempts.length === 0);
}

describe('an attempt that is handed over', () => {
  it('runs an automation that is called like its file', async () => {
    await withCluster(
      'echo hello',
      async ({ hub, agent, readLog }) => {
        const job = await hub.submit({ automation: 'work' });

        const ended = await hub.jobIn(job.id, ...over);
        await folderIsFree(agent);

        assert.deepEqual([ended.state, await readLog(job)], ['succeeded', 'hello\n'], ended.message ?? '');
      },
      { named: false },
    );
  });

  for (const wire of ['ws', 'grpc'] as const) {
    it(`ends as its runner says, with all of its log, over ${wire}; and the agent frees its folder`, async () => {
      const script = 'echo one >>LEDGER\necho "hello $FARHAND_SECRET_PASSWORD"\nexit 3';
      await withCluster(
        script,
        async ({ hub, agent, lines, readLog }) => {
          const job = await hub.submit({ automation: 'work', secrets: { password: 'hunter2-secret' } });

          const ended = await hub.jobIn(job.id, ...over);
          await folderIsFree(agent);

          assert.deepEqual([ended.state, ended.cause, ended.exitCode], ['failed', 'exit-code', 3], ended.message ?? '');
          assert.deepEqual([await readLog(job), ended.log?.complete], ['hello ***\n', true]);
          assert.deepEqual(await lines(), ['one']);
        },
        { wire },
      );
    });
  }

  it('runs as the agent read its automation, whatever became of the file since', async () => {
    await withCluster('echo one >>LEDGER', async ({ hub, file, lines }) => {
      await rm(file);
      const job = await hub.submit({ automation: 'work' });

      const ended = await hub.jobIn(job.id, ...over);

      assert.equal(ended.state, 'succeeded', ended.message ?? '');
      assert.deepEqual(await lines(), ['one']);
    });
  });

  it('outlives its agent, which the next one takes back', async () => {
    const script = 'for i in 1 2 3 4 5 6; do echo "line $i"; echo $i >>LEDGER; sleep 0.3; done';
    await withCluster(script, async ({ hub, agent, startAgent, lines, readLog }) => {
      const job = await hub.submit({ automation: 'work' });
      await until('the command', async () => (await lines()).length > 0);

      await agent[Symbol.asyncDispose]();
      await until('some lines', async () => (await lines()).length > 3);
      const next = await startAgent();
      const ended = await hub.jobIn(job.id, ...over);
      await folderIsFree(next);

      const numbers = ['1', '2', '3', '4', '5', '6'];
      assert.deepEqual([ended.state, ended.log?.complete], ['succeeded', true], ended.message ?? '');
      assert.equal(await readLog(job), numbers.map((one) => `line ${one}\n`).join(''));
      assert.deepEqual(await lines(), numbers);
    });
  });

  it('ends truly when all of the pod died: what the hub has of the log stays, and the rest is a gap', async () => {
    await withCluster(
      'echo begun >>LEDGER\necho printed\nsleep 60',
      async ({ hub, cluster, agent, lines, readLog }) => {
        const job = await hub.submit({ automation: 'work' });
        await until('the command', async () => (await lines()).length > 0);
        await until('its log', async () => (await readLog(job)) === 'printed\n');

        await cluster.pods[0]?.kill();
        const ended = await hub.jobIn(job.id, ...over);
        await folderIsFree(agent);

        assert.deepEqual([ended.state, ended.cause, ended.started], ['lost', 'process-lost', true]);
        assert.equal(await readLog(job), 'printed\n');
        assert.deepEqual(ended.log?.gaps, [{ at: 8, bytes: null, why: 'runner-gone' }]);
        assert.equal(ended.log?.complete, false);
        assert.deepEqual(await lines(), ['begun']);
      },
    );
  });

  it('runs once where the cluster makes two pods of it', async () => {
    await withCluster(
      'echo one >>LEDGER',
      async ({ hub, agent, lines }) => {
        const job = await hub.submit({ automation: 'work' });

        const ended = await hub.jobIn(job.id, ...over);
        await folderIsFree(agent);

        assert.equal(ended.state, 'succeeded');
        assert.deepEqual(await lines(), ['one']);
      },
      { copies: 2 },
    );
  });

  it('was never started when no runner came, and the job is offered again', async () => {
    await withCluster(
      'echo one >>LEDGER',
      async ({ hub, cluster, lines }) => {
        const job = await hub.submit({ automation: 'work' });
        const first = await until('a pod', () => cluster.pods[0]);

        await first.kill();
        await until('another pod', () => cluster.pods[1]);

        const { body } = await hub.call('GET', `/jobs/${job.id}/attempts`);
        const [attempt] = (body as { items: { state: string; started: unknown; cause: string }[] }).items;
        assert.deepEqual([attempt?.started, attempt?.cause], [false, 'start-failed']);
        assert.deepEqual(await lines(), []);
      },
      { runs: false },
    );
  });

  it('has as much time as its runner finds that it has: the agent stops nothing for it', async () => {
    await withCluster(
      'echo one >>LEDGER',
      async ({ hub, cluster }) => {
        await hub.submit({ automation: 'work', timeoutSeconds: 0.2 });
        const pod = await until('a pod', () => cluster.pods[0]);

        await new Promise((resolve) => setTimeout(resolve, 600));

        assert.equal(pod.isOver, false);
      },
      { runs: false },
    );
  });

  it('is cancelled by its runner, which the hub tells, and by its agent, which ends the pod', async () => {
    const script = 'echo begun >>LEDGER\nwhile :; do sleep 0.1; done';
    await withCluster(script, async ({ hub, agent, cluster, lines }) => {
      const job = await hub.submit({ automation: 'work' });
      await until('the command', async () => (await lines()).length > 0);

      await hub.call('POST', `/jobs/${job.id}/cancel`);
      const ended = await hub.jobIn(job.id, ...over);
      await folderIsFree(agent);

      assert.deepEqual([ended.state, ended.cause], ['cancelled', 'cancelled']);
      assert.ok(cluster.pods[0]?.isOver);
    });
  });

  it('is cancelled when no runner came, and nothing was started', async () => {
    await withCluster(
      'echo one >>LEDGER',
      async ({ hub, agent, cluster, lines }) => {
        const job = await hub.submit({ automation: 'work' });
        await until('a pod', () => cluster.pods[0]);

        await hub.call('POST', `/jobs/${job.id}/cancel`);
        const ended = await hub.jobIn(job.id, ...over);
        await folderIsFree(agent);

        assert.deepEqual([ended.state, ended.started], ['cancelled', false]);
        assert.deepEqual(await lines(), []);
      },
      { runs: false },
    );
  });

  it('goes on when its hub was away meanwhile', async () => {
    const script = 'echo begun >>LEDGER\nsleep 1\necho printed';
    await withCluster(script, async ({ hub, agent, lines, readLog }) => {
      const job = await hub.submit({ automation: 'work' });
      await until('the command', async () => (await lines()).length > 0);

      await hub.restart();
      const ended = await hub.jobIn(job.id, ...over);
      await folderIsFree(agent);

      assert.deepEqual([ended.state, ended.log?.complete], ['succeeded', true]);
      assert.equal(await readLog(job), 'printed\n');
    });
  });
});
