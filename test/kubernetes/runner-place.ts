import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../../agent/agent.ts';
import { openCatalog } from '../../agent/automations/catalog.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import { defaultJobLimits, type JobLimits } from '../../agent/executors/kubernetes/job-context.ts';
import { createKubernetesExecutor } from '../../agent/executors/kubernetes/kubernetes-executor.ts';
import { openNotedNamespaces } from '../../agent/executors/kubernetes/noted-namespaces.ts';
import type { RunnerImage } from '../../agent/executors/kubernetes/runner-image.ts';
import { createProcessExecutor } from '../../agent/executors/process/process-executor.ts';
import type { Attempt } from '../../protocol/attempt.ts';
import type { Job } from '../../protocol/job.ts';
import { finalJobStates } from '../../protocol/job-state.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { systemRandom } from '../../runtime/random.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';
import { createAgentPlace } from '../agent/agent-place.ts';
import type { KubeCluster } from '../support/kube-cluster.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { startTestHub, type TestHub } from '../support/test-hub.ts';
import { until } from '../support/until.ts';
import { openAdminClient, testImage } from './job-place.ts';

export const runnerImage = 'localhost/farhand:test';

/** Keys of an automation besides those that follow; `script` may stand alone. */
export type TestAutomation =
  | string
  | ({ readonly script: string; readonly kubernetes?: object } & Record<string, unknown>);

export interface PodName {
  readonly name: string;
  readonly uid: string;
}

/** A hub, and an agent whose jobs are pods with a runner. */
export interface RunnerPlace {
  readonly hub: TestHub;
  readonly agent: Agent;
  /** Between the pods and the hub. */
  readonly line: TcpProxy;
  submit(automation: string, request?: object): Promise<Job>;
  /** Resolves when the job is over. */
  end(job: Job): Promise<Job>;
  readLog(job: Job): Promise<string>;
  /** Resolves when the log has it. */
  waitForLog(job: Job, text: string): Promise<void>;
  /** The attempts that have their document. */
  attempts(job: Job): Promise<readonly Attempt[]>;
  /** The pod of its newest attempt; resolves when there is one. */
  findPod(job: Job): Promise<PodName>;
}

export interface RunnerPlaceOptions {
  readonly automations: Readonly<Record<string, TestAutomation>>;
  readonly limits?: Partial<JobLimits>;
  readonly runner?: Partial<RunnerImage>;
}

/** Runs `test` with a place of its own, and waits until its agent has nothing left. */
export async function withRunnerPlace(
  cluster: KubeCluster,
  options: RunnerPlaceOptions,
  test: (place: RunnerPlace) => Promise<void>,
): Promise<void> {
  const { automations, limits = {}, runner = {} } = options;
  await using agents = await createAgentPlace();
  await using hub = await startTestHub();
  await using line = await startTcpProxy(Number(new URL(hub.address).port));
  await using client = openAdminClient(cluster);
  const name = randomUUID();
  const folder = await mkdtemp(join(tmpdir(), 'farhand-runner-pods-'));
  const catalogFolder = join(folder, 'automations');
  await mkdir(catalogFolder);
  for (const [automation, given] of Object.entries(automations)) {
    await writeFile(join(catalogFolder, `${automation}.yaml`), toText(automation, given));
  }
  const common = { clock: systemClock, logger: silentLogger };
  await using local = createProcessExecutor({ fileSystem: systemFileSystem, ...common });
  await using pods = createKubernetesExecutor({
    ...common,
    client,
    agentId: () => name,
    isKnown: async () => true,
    namespaces: openNotedNamespaces(systemFileSystem, join(folder, 'namespaces.json')),
    fileSystem: systemFileSystem,
    random: systemRandom,
    loops: createLoopBoard(systemClock),
    limits: { ...defaultJobLimits, ...limits },
    runner: {
      image: runnerImage,
      caPath: null,
      waySecret: null,
      shell: '/opt/farhand/bin/sh-static',
      ...runner,
      environment: {
        FARHAND_HUB_URL: `ws://${cluster.host}:${line.port}`,
        FARHAND_INSECURE: 'true',
        FARHAND_LOG_LEVEL: 'debug',
        ...runner.environment,
      },
    },
  });
  const catalog = await openCatalog(catalogFolder);
  assert.deepEqual(catalog.current.mistakes, []);
  try {
    const agent = await agents.create({
      dataFolder: join(folder, 'data'),
      enrolment: { hubUrls: [hub.address], joinToken: await hub.joinToken() },
      ways: [{ url: hub.address, ...createWebsocketTransport({ ...common, url: hub.address, limits: defaultLimits }) }],
      catalog,
      executors: createExecutors(local, [pods]),
    });
    await agent.ready;
    await test(toPlace({ hub, agent, line, cluster }));
    await until('the folder to be freed', () => agent.status().attempts.length === 0);
  } finally {
    await agents[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

/** JSON is YAML. */
function toText(name: string, given: TestAutomation): string {
  const { kubernetes = {}, ...keys } = typeof given === 'string' ? { script: given } : given;
  return JSON.stringify({
    name,
    kind: 'script',
    executor: 'kubernetes',
    kubernetes: { image: testImage, ...kubernetes },
    ...keys,
  });
}

function toPlace(given: Pick<RunnerPlace, 'hub' | 'agent' | 'line'> & { readonly cluster: KubeCluster }): RunnerPlace {
  const { hub, agent, line, cluster } = given;
  const place: RunnerPlace = {
    hub,
    agent,
    line,
    submit: (automation, request = {}) => hub.submit({ automation, ...request }),
    end: ({ id }) => hub.jobIn(id, ...finalJobStates),
    async readLog({ id }) {
      const headers = { authorization: 'Bearer test-administrator-token-0123456789abcdef' };
      return (await fetch(`${hub.address}/api/v1/jobs/${id}/log`, { headers })).text();
    },
    async waitForLog(job, text) {
      await until(`${JSON.stringify(text)} in the log`, async () => (await place.readLog(job)).includes(text));
    },
    async attempts(job) {
      const { body } = await hub.call('GET', `/jobs/${job.id}/attempts`);
      return (body as { readonly items: readonly Attempt[] }).items;
    },
    findPod: (job) =>
      until('a pod', async () => {
        const attempt = (await place.attempts(job)).at(-1)?.id ?? 'none';
        const format = 'jsonpath={.items[*].metadata.name} {.items[*].metadata.uid}';
        const said = await cluster.kubectl('get', 'pods', '-o', format, '-l', `farhand.io/attempt=${attempt}`);
        const [name = '', uid = ''] = said.trim().split(' ');
        if (uid === '') await delay(200);
        return uid === '' ? null : { name, uid };
      }),
  };
  return place;
}
