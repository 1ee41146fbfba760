import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../bench/free-port.ts';
import { createDaemon, type Daemon } from './daemon.ts';
import type { Environment } from './farhand-process.ts';
import { type FaultRoute, openFaultRoute } from './fault-route.ts';
import { type FaultWay, readFaultWay } from './fault-way.ts';
import type { CertificateFiles } from './https-call.ts';
import { createHubApi, type HubApi } from './hub-api.ts';
import { findMarked, signalProcess } from './job-processes.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/**
 * What every job of these tests is: it writes itself into the ledger, once, as its first act, then does what its parameter `run` says.
 * `say` prints a line and writes it down elsewhere, for each try, to compare the log with.
 */
const prelude = `printf '%s %s\\n' "$FARHAND_JOB_ID" "$FARHAND_ATTEMPT_ID" >>"$PLACE/ledger"
said="$PLACE/said/$FARHAND_ATTEMPT_ID"
say() { printf '%s\\n' "$1"; printf '%s\\n' "$1" >>"$said"; }
wait_for() { until [ -e "$PLACE/gates/$1" ]; do sleep 0.02; done; }
eval "$FARHAND_PARAM_RUN"
`;

/** Of a job that may go on over it. */
export const gapLogBytes = 51_200;

/** It writes down, like the command, that it ran, and prints nothing. */
function hook(name: string): string {
  return `["sh", "-c", "echo ${name} $FARHAND_ATTEMPT_ID >>$PLACE/hooks"]`;
}

const traits: Readonly<Record<string, string>> = {
  job: '',
  'safe-job': 'retrySafe: true\n',
  'short-log-job': 'log: {limitBytes: 50000}\n',
  'gap-log-job': `log: {limitBytes: ${gapLogBytes}, over: gap}\n`,
  'hooked-job': `before: ${hook('before')}\nafter: ${hook('after')}\n`,
};

const adminToken = 'an-administrator-of-the-fault-tests-0123456789';

/** An agent of the place, with what a test may look at and break. */
export interface FaultAgent extends Daemon {
  readonly name: string;
  readonly data: string;
  /** The line between it and the hub. */
  readonly line: TcpProxy;
  /** What it shows the hub; null where everything is said in the open. */
  readonly files: CertificateFiles | null;
  /** The attempts whose folders it holds. */
  attempts(): readonly string[];
  attemptFile(attempt: string, name: string): string;
}

/** A hub, agents and jobs as real processes, in a folder of their own. Nothing is started by itself; disposing kills what is left. */
export interface FaultPlace extends AsyncDisposable {
  readonly folder: string;
  /** The entry in the environment of every process of the place, and of its jobs. */
  readonly mark: string;
  readonly hub: Daemon;
  readonly address: string;
  readonly adminToken: string;
  readonly hubData: string;
  readonly api: HubApi;
  readonly ledger: Ledger;
  readonly route: Pick<FaultRoute, 'certificates' | 'proxy'>;
  /** Another automation whose jobs are as above; `traits` are further lines of its file. */
  addAutomation(name: string, traits: string): Promise<void>;
  /** Another agent, joined on its first start. The hub must be up by then. */
  addAgent(name: string, environment?: Environment): Promise<FaultAgent>;
  /** Another process of the same agent, with what is different about it. Who starts it kills it. */
  addTwin(agent: FaultAgent, environment: Environment): Daemon;
  /** Lets jobs go on that `wait_for` this. */
  open(gate: string): Promise<void>;
}

export async function createFaultPlace(
  hubEnvironment: Environment = {},
  way: FaultWay = readFaultWay(),
): Promise<FaultPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-faults-'));
  for (const name of ['gates', 'said', 'automations']) await mkdir(join(folder, name));
  const addAutomation = async (name: string, trait: string) => {
    const script = prelude.replaceAll(/^/gm, '  ');
    const text = `name: ${name}\nkind: script\ninherit: [LEAK_CHECK, PLACE]\n${trait}script: |\n${script}`;
    await writeFile(join(folder, 'automations', `${name}.yaml`), text);
  };
  for (const [name, trait] of Object.entries(traits)) await addAutomation(name, trait);
  // A daemon that is started again must find its port as it was.
  const port = await findFreePort();
  const mark = `PLACE=${folder}`;
  const marks = { PLACE: folder, LEAK_CHECK: process.env['LEAK_CHECK'] ?? '', FARHAND_LOG_LEVEL: 'info' };
  const hubData = hubEnvironment['FARHAND_DATA'] ?? join(folder, 'hub');
  const route = await openFaultRoute(way, folder);
  const { certificates, proxy } = route;
  const address = `${certificates === null ? 'http' : 'https'}://127.0.0.1:${port}`;
  const api = createHubApi(address, adminToken, certificates);
  const hubVariables = {
    ...marks,
    FARHAND_LISTEN: `127.0.0.1:${port}`,
    FARHAND_DATA: hubData,
    FARHAND_ADMIN_TOKEN: adminToken,
    ...route.hubEnvironment,
    ...hubEnvironment,
  };
  const hub = createDaemon('hub', hubVariables, { log: join(folder, 'hub.log') });
  const daemons: Daemon[] = [hub];
  const twins = new Map<string, (environment: Environment) => Daemon>();
  const lines: TcpProxy[] = [];

  return {
    folder,
    mark,
    hub,
    address,
    adminToken,
    hubData,
    api,
    ledger: createLedger(folder),
    route: { certificates, proxy },
    addAutomation,
    async addAgent(name, environment = {}) {
      const line = await startTcpProxy(port, { host: route.lineHost });
      lines.push(line);
      const data = environment['FARHAND_DATA'] ?? join(folder, name);
      const { program, files, environment: ofRoute } = await route.toAgent(name, line.port);
      const variables = {
        ...marks,
        ...ofRoute,
        FARHAND_JOIN_TOKEN: await api.joinToken(),
        FARHAND_NAME: name,
        FARHAND_DATA: data,
        FARHAND_AUTOMATIONS: join(folder, 'automations'),
        FARHAND_DRAIN_SECONDS: '0',
        FARHAND_GRACE_SECONDS: '1',
        ...environment,
      };
      const log = join(folder, `${name}.log`);
      const started = program === undefined ? {} : { program };
      const daemon = createDaemon('agent', variables, { log, ...started });
      twins.set(name, (changed) =>
        createDaemon('agent', { ...variables, ...changed }, { log: join(folder, `${name}-twin.log`), ...started }),
      );
      daemons.push(daemon);
      const attempts = join(data, 'attempts');
      return Object.assign(daemon, {
        name,
        data,
        line,
        files,
        attempts: () => (existsSync(attempts) ? readdirSync(attempts).filter((id) => !id.startsWith('.')) : []),
        attemptFile: (attempt: string, file: string) => join(attempts, attempt, file),
      });
    },
    addTwin({ name }, environment) {
      const createTwin = twins.get(name);
      if (createTwin === undefined) throw new Error(`expected an agent of this place, got ${name}`);
      return createTwin(environment);
    },
    open: (gate) => writeFile(join(folder, 'gates', gate), ''),
    async [Symbol.asyncDispose]() {
      for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
      for (const line of lines) await line[Symbol.asyncDispose]();
      await route[Symbol.asyncDispose]();
      killMarked(mark);
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Jobs outlive their agents: those of this place are told by its folder in their environment. */
function killMarked(mark: string): void {
  for (let found = findMarked(mark); found.length > 0; found = findMarked(mark)) {
    for (const pid of found) signalProcess(pid, 'SIGKILL');
  }
}
