import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const checkout = join(import.meta.dirname, '../../cli/farhand.mjs');
const examples = join(import.meta.dirname, '../../examples/automations');

export type Environment = Readonly<Record<string, string>>;

/** The variables of whoever runs the tests are not those of the program under test. */
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FARHAND_')));

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** A process of the program as a user starts it: from the shell's point of view. */
export interface FarhandProcess extends AsyncDisposable {
  /** Resolves with the first line on standard output that matches; rejects with all that was said when the process ends before. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with the address of its ready line. */
  ready(): Promise<string>;
  /** Resolves once what it said on standard error matches. */
  said(pattern: RegExp): Promise<void>;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

export interface FarhandOptions {
  readonly environment?: Environment;
  readonly folder?: string;
  /** Of the checkout when left out. */
  readonly program?: string;
  /** What it says on standard error is appended to this file as well. */
  readonly log?: string;
}

/** Disposing kills it with KILL when it still runs. */
export function startFarhand(args: readonly string[], options: FarhandOptions = {}): FarhandProcess {
  const child = spawn(process.execPath, [options.program ?? checkout, ...args], {
    cwd: options.folder,
    // Probes would be processes that a test did not ask for; one that does says so.
    env: { ...inherited, FARHAND_PROBES: 'none', ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { stdout, stderr } = child;
  const said = { stdout: '', stderr: '' };
  stdout.on('data', (chunk: Buffer) => void (said.stdout += chunk.toString('utf8')));
  stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString('utf8');
    if (options.log !== undefined) appendFileSync(options.log, chunk);
  });
  const ended = once(child, 'close').then(([exitCode]): Ended => ({ ...said, exitCode }));
  const find = async (stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> => {
    while (true) {
      const matched = pattern.exec(said[stream]);
      if (matched !== null) return matched;
      if (hasEnded(child))
        throw new Error(`expected ${pattern} on ${stream}, but it ended and said:\n${said.stdout}\n${said.stderr}`);
      await Promise.race([once(child[stream], 'data'), ended]);
    }
  };
  return {
    pid: child.pid ?? 0,
    ended,
    line: (pattern) => find('stdout', pattern),
    ready: async () => (await find('stdout', /^farhand \w+ ready.*(https?:\/\/[\d.]+:\d+)$/m))[1] ?? '',
    said: async (pattern) => void (await find('stderr', pattern)),
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (!hasEnded(child)) child.kill('SIGKILL');
      await ended;
    },
  };
}

export function farhand(args: readonly string[], options: FarhandOptions = {}): Promise<Ended> {
  return startFarhand(args, options).ended;
}

/** A folder for one test, with what processes of it need to be told. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  /** Starts a hub here and resolves once it is ready. */
  hub(
    environment?: Environment,
  ): Promise<{ readonly process: FarhandProcess; readonly address: string; readonly client: Environment }>;
  /** Starts the agent of this place: the first time it joins. */
  agent(address: string, client: Environment, environment?: Environment): Promise<FarhandProcess>;
}

export async function createPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-test-'));
  let listen = '127.0.0.1:0';
  return {
    folder,
    async hub(environment = {}) {
      const process = startFarhand(['hub'], {
        environment: { FARHAND_LISTEN: listen, FARHAND_DATA: join(folder, 'hub'), ...environment },
      });
      const address = await process.ready();
      // A hub that is started again here is where the agents look for it.
      listen = new URL(address).host;
      const token = (await readFile(join(folder, 'hub/admin-token'), 'utf8')).trim();
      return { process, address, client: { FARHAND_HUB_URL: address, FARHAND_TOKEN: token } };
    },
    async agent(address, client, environment = {}) {
      const { stdout } = await farhand(['token', 'create', '--join'], { environment: client });
      const process = startFarhand(['agent'], {
        environment: {
          FARHAND_HUB_URL: address.replace('http', 'ws'),
          FARHAND_JOIN_TOKEN: stdout.trim(),
          FARHAND_NAME: 'a1',
          FARHAND_LABELS: 'site=ams',
          FARHAND_DATA: join(folder, 'agent'),
          FARHAND_AUTOMATIONS: examples,
          FARHAND_DRAIN_SECONDS: '0',
          ...environment,
        },
      });
      await process.ready();
      return process;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
