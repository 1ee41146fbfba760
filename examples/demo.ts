import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import type { Job } from '../protocol/job.ts';

/**
 * `npm run demo`: a hub and an agent as processes of their own, in a folder that is gone afterwards, and a few jobs that a person would
 * run from the shell. Exits with 0 only if each of them ended as it should.
 */
const program = join(import.meta.dirname, '../cli/farhand.mjs');
const automations = join(import.meta.dirname, 'automations');
const password = 'correct horse battery staple';
const maxDemoMs = 240_000;

const interruption = new AbortController();
process.on('SIGINT', () => interruption.abort(new Error('interrupted')));
process.on('SIGTERM', () => interruption.abort(new Error('terminated')));
const signal = AbortSignal.any([interruption.signal, AbortSignal.timeout(maxDemoMs)]);

type Environment = Readonly<Record<string, string>>;

/** The variables that this demo sets are the only ones of farhand's that its processes see. */
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FARHAND_')));

class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #what: string;
  readonly #logPath: string;

  constructor(folder: string, what: 'hub' | 'agent', environment: Environment) {
    this.#what = what;
    this.#logPath = join(folder, `${what}.log`);
    const log = openSync(this.#logPath, 'a');
    this.#child = spawn(process.execPath, [program, what], {
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', log, 'ipc'],
      detached: true,
    });
    closeSync(log);
  }

  /** Resolves with the address of its ready line. */
  async ready(): Promise<string> {
    if (this.#child.stdout === null) throw new Error('expected a pipe');
    for await (const line of createInterface({ input: this.#child.stdout, signal })) {
      const [, address] = /^farhand \w+ ready.*(http:\/\/\S+)$/.exec(line) ?? [];
      if (address !== undefined) return address;
    }
    signal.throwIfAborted();
    throw new Error(`the ${this.#what} ended before it was ready; its log:\n${await readFile(this.#logPath, 'utf8')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(kill);
  }
}

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
}

interface ProbeFacts {
  readonly probe: string;
  readonly facts: Readonly<Record<string, unknown>> | null;
}

/** Runs a client command the way a person would see it: what it says beside its result is shown as it comes. */
async function farhand(
  environment: Environment,
  args: readonly string[],
  { say = true, show = false }: { readonly say?: boolean; readonly show?: boolean } = {},
): Promise<Ended> {
  if (say)
    console.log(
      styleText(
        'bold',
        `\n$ farhand ${args.map((word) => (/^[\w=:@./-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`,
      ),
    );
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...inherited, ...environment },
    // What it says on standard error goes where everything here goes.
    stdio: ['ignore', show ? 1 : 'pipe', 1],
  });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  return { exitCode, stdout: Buffer.concat(chunks).toString('utf8').trim() };
}

/** What a program gets from `--json`, less what the demo does not speak of. */
function showResult({ state, agent, cause, exitCode, outputs, log }: Job): void {
  console.log(
    JSON.stringify({ state, agent, cause, exitCode, outputs, log: { bytes: log?.bytes, complete: log?.complete } }),
  );
}

function expect(what: string, got: unknown, expected: unknown): void {
  if (JSON.stringify(got) === JSON.stringify(expected)) return;
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
}

function title(text: string): void {
  console.log(styleText('cyan', `\n── ${text}`));
}

async function runAndShow(client: Environment, args: readonly string[]): Promise<Ended & { readonly job: Job }> {
  const ended = await farhand(client, ['run', ...args, '--json']);
  const job = JSON.parse(ended.stdout) as Job;
  showResult(job);
  return { ...ended, job };
}

async function demo(folder: string): Promise<void> {
  title('a hub and an agent, each a process of its own; the agent dials out to the hub');
  await using hub = new Daemon(folder, 'hub', { FARHAND_LISTEN: '127.0.0.1:0', FARHAND_DATA: join(folder, 'hub') });
  const address = await hub.ready();
  const client = { FARHAND_HUB_URL: address, FARHAND_TOKEN_FILE: join(folder, 'hub/admin-token') };
  const { stdout: joinToken } = await farhand(client, ['token', 'create', '--join', '--uses', '1', '--expires', '5m']);
  console.log(`${joinToken.slice(0, 8)}…  (the agent joins with it, once)`);
  const agentEnvironment = {
    FARHAND_HUB_URL: address.replace('http:', 'ws:'),
    FARHAND_JOIN_TOKEN: joinToken,
    FARHAND_NAME: 'edge-1',
    FARHAND_LABELS: 'site=ams',
    FARHAND_DATA: join(folder, 'agent'),
    FARHAND_AUTOMATIONS: automations,
    FARHAND_DRAIN_SECONDS: '0',
  };
  await using firstAgent = new Daemon(folder, 'agent', agentEnvironment);
  await firstAgent.ready();
  await farhand(client, ['automations'], { show: true });

  title('a job, on an agent with the label site=ams: its log as it comes, then its result as JSON');
  const hello = await runAndShow(client, ['hello', '-p', 'name=ada', '-l', 'site=ams']);
  expect('hello', [hello.exitCode, hello.job.state, hello.job.agent], [0, 'succeeded', 'edge-1']);

  title('what the agent found out about its machine, with nothing configured');
  await showFacts(client);

  title('a secret goes in and is masked in the log; an object comes out');
  await writeFile(join(folder, 'password.txt'), `${password}\n`, { mode: 0o600 });
  const login = await runAndShow(client, [
    'check-login',
    '-p',
    'user=ada',
    '-s',
    `password=@${join(folder, 'password.txt')}`,
  ]);
  expect('outputs', login.job.outputs, { user: 'ada', passwordLength: String(password.length) });
  const { stdout: loginLog } = await farhand(client, ['logs', login.job.id], { say: false });
  expect('the secret in the log', loginLog.includes(password), false);

  title('a job that fails says so, with its own exit code');
  const failed = await runAndShow(client, ['fail', '-p', 'code=3']);
  expect(
    'fail',
    [failed.exitCode, failed.job.state, failed.job.cause, failed.job.exitCode],
    [1, 'failed', 'exit-code', 3],
  );

  title('the agent is told to leave while a job runs; the job runs on, and the next agent takes it over');
  const watched = runAndShow(client, ['count', '-p', 'to=20', '-p', 'seconds=0.3']);
  await waitForJob(client, 'count', 'running');
  await firstAgent[Symbol.asyncDispose]();
  console.log(styleText('dim', '(the agent has left; nobody is there but the job)'));
  await using nextAgent = new Daemon(folder, 'agent', agentEnvironment);
  await nextAgent.ready();
  console.log(styleText('dim', '(another agent has started on the same folder)'));
  const adopted = await watched;
  expect(
    'count',
    [adopted.exitCode, adopted.job.state, adopted.job.attempt, adopted.job.log?.complete],
    [0, 'succeeded', 1, true],
  );

  title('a job that nobody wants any more is cancelled');
  const { stdout: id } = await farhand(client, ['run', 'count', '-p', 'to=1000', '--detach']);
  console.log(id);
  await waitForJob(client, 'count', 'running');
  await farhand(client, ['cancel', id], { show: true });
  await farhand(client, ['logs', '-f', id], { say: false });
  const cancelled = JSON.parse((await farhand(client, ['jobs', id, '--json'])).stdout) as Job;
  showResult(cancelled);
  expect('cancel', cancelled.state, 'cancelled');
}

async function waitForJob(client: Environment, automation: string, state: string): Promise<void> {
  while ((await farhand(client, ['jobs', '--automation', automation, '--state', state], { say: false })).stdout === '')
    signal.throwIfAborted();
}

/** A few of the many. The probes run soon after the agent's start. */
async function showFacts(client: Environment): Promise<void> {
  const known = async () =>
    JSON.parse((await farhand(client, ['facts', '--json'], { say: false })).stdout) as ProbeFacts[];
  while (!(await known()).some(({ probe, facts }) => probe === 'host' && facts !== null)) signal.throwIfAborted();
  const { stdout } = await farhand(client, ['facts', 'edge-1', 'host', '--json']);
  const { facts } = JSON.parse(stdout) as ProbeFacts;
  const names = ['hostname', 'os', 'cpu', 'memory', 'uptimeSeconds', 'reboot'];
  console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, facts?.[name]]))));
}

const folder = await mkdtemp(join(tmpdir(), 'farhand-demo-'));
try {
  await demo(folder);
  title('that was all: everything ended as it should, and nothing is left behind');
  console.log(`
Try next:
  npx farhand dev                          a hub and an agent to keep, in this terminal; then in another one, in the same folder:
  npx farhand run hello -p name=you        the same job, for you
  npx farhand facts                        what machine is this?
  npx farhand init                         ./automations with commented examples, to write your own
  npx farhand --help                       everything else; docs/guides/first-hour.md walks you through it`);
} catch (error) {
  console.error(styleText('red', `\nthe demo failed: ${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
