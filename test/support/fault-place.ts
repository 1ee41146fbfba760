import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../bench/free-port.ts';
import { createDaemon, type Daemon } from './daemon.ts';
import type { Environment } from './farhand-process.ts';
import { readFaultScheme } from './fault-scheme.ts';
import { createHubApi, type HubApi } from './hub-api.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/**
 * What every job of these tests is: it writes itself into the ledger, once, as its first act, then does what its parameter `run` says.
 * `say` prints a line and writes it down elsewhere, to compare the log with.
 */
const prelude = `printf '%s %s\\n' "$FARHAND_JOB_ID" "$FARHAND_ATTEMPT_ID" >>"$PLACE/ledger"
said="$PLACE/said/$FARHAND_JOB_ID"
say() { printf '%s\\n' "$1"; printf '%s\\n' "$1" >>"$said"; }
wait_for() { until [ -e "$PLACE/gates/$1" ]; do sleep 0.02; done; }
eval "$FARHAND_PARAM_RUN"
`;

const traits: Readonly<Record<string, string>> = {
  job: '',
  'safe-job': 'retrySafe: true\n',
  'short-log-job': 'log: {limitBytes: 50000}\n',
};

const adminToken = 'an-administrator-of-the-fault-tests-0123456789';

/** An agent of the place, with what a test may look at and break. */
export interface FaultAgent extends Daemon {
  readonly name: string;
  readonly data: string;
  /** The line between it and the hub. */
  readonly line: TcpProxy;
  /** The attempts whose folders it holds. */
  attempts(): readonly string[];
  attemptFile(attempt: string, name: string): string;
}

/** A hub, agents and jobs as real processes, in a folder of their own. Nothing is started by itself; disposing kills what is left. */
export interface FaultPlace extends AsyncDisposable {
  readonly folder: string;
  readonly hub: Daemon;
  readonly address: string;
  readonly adminToken: string;
  readonly hubData: string;
  readonly api: HubApi;
  readonly ledger: Ledger;
  /** Another agent, joined on its first start. The hub must be up by then. */
  addAgent(name: string, environment?: Environment): Promise<FaultAgent>;
  /** Lets jobs go on that `wait_for` this. */
  open(gate: string): Promise<void>;
}

export async function createFaultPlace(hubEnvironment: Environment = {}): Promise<FaultPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-faults-'));
  for (const name of ['gates', 'said', 'automations']) await mkdir(join(folder, name));
  for (const [name, trait] of Object.entries(traits)) {
    const script = prelude.replaceAll(/^/gm, '  ');
    const text = `kind: script\ninherit: [LEAK_CHECK, PLACE]\n${trait}script: |\n${script}`;
    await writeFile(join(folder, 'automations', `${name}.yaml`), text);
  }
  // A daemon that is started again must find its port as it was.
  const port = await findFreePort();
  const marks = { PLACE: folder, LEAK_CHECK: process.env['LEAK_CHECK'] ?? '', FARHAND_LOG_LEVEL: 'info' };
  const hubData = join(folder, 'hub');
  const address = `http://127.0.0.1:${port}`;
  const api = createHubApi(address, adminToken);
  const hub = createDaemon('hub', {
    ...marks,
    FARHAND_LISTEN: `127.0.0.1:${port}`,
    FARHAND_DATA: hubData,
    FARHAND_ADMIN_TOKEN: adminToken,
    ...hubEnvironment,
  });
  const daemons: Daemon[] = [hub];
  const lines: TcpProxy[] = [];

  return {
    folder,
    hub,
    address,
    adminToken,
    hubData,
    api,
    ledger: createLedger(folder),
    async addAgent(name, environment = {}) {
      const line = await startTcpProxy(port);
      lines.push(line);
      const data = environment['FARHAND_DATA'] ?? join(folder, name);
      const daemon = createDaemon('agent', {
        ...marks,
        FARHAND_HUB_URL: `${readFaultScheme()}://127.0.0.1:${line.port}`,
        FARHAND_JOIN_TOKEN: await api.joinToken(),
        FARHAND_NAME: name,
        FARHAND_DATA: data,
        FARHAND_AUTOMATIONS: join(folder, 'automations'),
        FARHAND_DRAIN_SECONDS: '0',
        FARHAND_GRACE_SECONDS: '1',
        ...environment,
      });
      daemons.push(daemon);
      const attempts = join(data, 'attempts');
      return Object.assign(daemon, {
        name,
        data,
        line,
        attempts: () => (existsSync(attempts) ? readdirSync(attempts).filter((id) => !id.startsWith('.')) : []),
        attemptFile: (attempt: string, file: string) => join(attempts, attempt, file),
      });
    },
    open: (gate) => writeFile(join(folder, 'gates', gate), ''),
    async [Symbol.asyncDispose]() {
      for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
      for (const line of lines) await line[Symbol.asyncDispose]();
      killMarked(`PLACE=${folder}`);
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Jobs outlive their agents: those of this place are told by its folder in their environment. */
function killMarked(mark: string): void {
  for (let found = findMarked(mark); found.length > 0; found = findMarked(mark)) {
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone by itself.
      }
    }
  }
}

/** A zombie has no environment, so it is not found. */
function findMarked(mark: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
    } catch {
      return false;
    }
  });
}
