import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { type AgentOptions, defaultAgentLimits } from '../../agent/agent-options.ts';
import { systemWatchFolder } from '../../agent/attempts/raw-watch.ts';
import { systemFreeBytes } from '../../agent/attempts/spool.ts';
import { openCatalog } from '../../agent/automations/catalog.ts';
import { createDummyExecutor } from '../../agent/executors/dummy/dummy-executor.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import { createProcessExecutor } from '../../agent/executors/process/process-executor.ts';
import { unknownPressure } from '../../agent/pressure/pressure.ts';
import { createProcessProbeRunner } from '../../agent/probes/process-probe-runner.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { takeOwnerLock } from '../../runtime/owner-lock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createMemoryListener } from '../../transports/memory/listener.ts';
import { createMemoryTransport } from '../../transports/memory/memory-transport.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../transports/memory/network.ts';
import { FakeHub } from '../support/fake-hub.ts';
import { noLoopLag } from '../support/no-loop-lag.ts';

export const agentId = '0190d2a6-1111-7000-8000-000000000001';

/** Short enough for tests, long enough to be noticed when they are the only thing that helps. */
export const testLimits: AgentOptions['limits'] = {
  ...defaultAgentLimits,
  attempt: {
    ...defaultAgentLimits.attempt,
    graceMs: 300,
    leftoverGraceMs: 200,
    boundMs: 3_000,
    pollMs: 50,
    retryMs: 50,
    session: { ...defaultAgentLimits.attempt.session, maxRetryMs: 100 },
  },
  admission: { ...defaultAgentLimits.admission, lookEveryMs: 50, closeAfterMs: 100, openAfterMs: 100 },
  link: { ...defaultAgentLimits.link, firstRetryMs: 10, maxRetryMs: 100, trustPollMs: 20 },
};

export const machineBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** What most jobs of these tests are: one text, run by `sh`. */
const automations: Readonly<Record<string, string>> = {
  sh: 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [LEAK_CHECK, GATE, GO]\n',
  limited:
    'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [LEAK_CHECK, GATE, GO]\nlog: {limitBytes: 50000}\n',
  single: 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [LEAK_CHECK, GATE, GO]\nmaxConcurrent: 1\n',
  typed:
    'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [LEAK_CHECK, GATE, GO]\noutputs: {type: object, required: [n], properties: {n: {type: number}}}\nparameters: {type: object, required: [run], properties: {run: {type: string}}}\n',
};

/** A hub, a data folder and a network, and agents that come and go between them. */
export interface AgentPlace extends AsyncDisposable {
  readonly hub: FakeHub;
  readonly network: MemoryNetwork;
  readonly root: string;
  /** The agent's data folder. */
  readonly data: string;
  /** A folder for jobs to meet in: `$GATE`. */
  readonly gate: string;
  /** Starts another agent on the same folder. The place leaves it when it is disposed. */
  start(given?: Partial<AgentOptions>): Promise<Agent>;
  /** The same without waiting for the link. */
  create(given?: Partial<AgentOptions>): Promise<Agent>;
  /** Lets jobs that wait for this gate go on. */
  open(name: string): Promise<void>;
  attemptFolder(attempt: string): string;
}

/** `more`: automations beside those that all these tests have, by name. */
export async function createAgentPlace(more: Readonly<Record<string, string>> = {}): Promise<AgentPlace> {
  const root = await mkdtemp(join(tmpdir(), 'farhand-agent-'));
  const data = join(root, 'data');
  const gate = join(root, 'gate');
  const catalogFolder = join(root, 'automations');
  await mkdir(data, { mode: 0o700 });
  await mkdir(gate);
  await mkdir(catalogFolder);
  for (const [name, text] of Object.entries({ ...automations, ...more })) {
    await writeFile(join(catalogFolder, `${name}.yaml`), text);
  }
  await writeFile(join(data, 'identity.json'), JSON.stringify({ id: agentId, name: 'a1', account: 'default' }));
  const network = createMemoryNetwork({ clock: systemClock, random: systemRandom });
  const wire = { network, address: 'hub', clock: systemClock, limits: defaultLimits, logger: silentLogger };
  const listener = createMemoryListener<string>({
    ...wire,
    authenticate: async ({ presented }) =>
      presented === `agent=${agentId}`
        ? { type: 'admitted', principal: agentId }
        : { type: 'refused', code: 'unauthorized', message: 'who?', retryAfterMs: null },
  });
  const hub = new FakeHub(agentId);
  hub.serve(listener);
  const agents = new Set<AsyncDisposable>();

  async function create(given: Partial<AgentOptions> = {}): Promise<Agent> {
    const executor = createProcessExecutor({ fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger });
    const dummy = createDummyExecutor({ fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger });
    const agent = createAgent({
      dataFolder: data,
      name: 'a1',
      labels: {},
      slots: 4,
      version: '0.0.0',
      mode: { type: 'daemon' },
      enrolment: null,
      ways: [{ url: 'memory://hub', ...createMemoryTransport(wire) }],
      catalog: await openCatalog(catalogFolder),
      executors: createExecutors(executor, [dummy]),
      probeRunner: createProcessProbeRunner({ clock: systemClock }),
      limits: testLimits,
      machineBootId,
      environment: { PATH: '/usr/bin:/bin', LEAK_CHECK: String(process.pid), GATE: gate },
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      fileSystem: systemFileSystem,
      watchFolder: systemWatchFolder,
      freeBytes: systemFreeBytes,
      loopLag: noLoopLag,
      pressure: () => unknownPressure,
      loops: createLoopBoard(systemClock),
      jobLog: null,
      kubernetes: null,
      orchestrators: [],
      fetch: globalThis.fetch,
      network: null,
      takeOwnerLock,
      ...given,
    });
    agents.add(agent);
    agents.add(executor);
    agents.add(dummy);
    return agent;
  }

  return {
    hub,
    network,
    root,
    data,
    gate,
    create,
    async start(given) {
      const agent = await create(given);
      await agent.ready;
      return agent;
    },
    open: (name) => writeFile(join(gate, name), ''),
    attemptFolder: (attempt) => join(data, 'attempts', attempt),
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Shell that waits for a gate of this name. */
export function waitFor(name: string): string {
  return `until [ -e "$GATE/${name}" ]; do sleep 0.01; done`;
}

export function newId(): string {
  return randomUUID();
}
