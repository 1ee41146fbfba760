import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podPrograms } from '../../agent/runner/prepare-pod.ts';
import { type RunnerOrder, runnerFiles } from '../../agent/runner/runner-order.ts';

const main = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that stands for a container: its group is what the container's end takes along. */
export interface Container {
  readonly pid: number;
  readonly ended: Promise<Exit>;
  /** What it wrote on standard error. */
  readonly errors: () => string;
  signal(name: NodeJS.Signals): void;
}

/** Processes that share a folder, in the place of the containers of a pod: to be started, killed and started again one by one. */
export interface LocalPod extends AsyncDisposable {
  readonly folder: string;
  readonly shared: string;
  /** What the wrapper left as the container's last words. */
  lastWords(): string;
  /** What the runner left as its container's. */
  runnerWords(): string;
  startRunner(): Container;
  /** Once. */
  startNeighbour(): Container;
}

export interface LocalPodOptions {
  readonly hubUrl: string;
  readonly order: RunnerOrder;
  readonly ticket: string;
  /** Text of its file. */
  readonly automation: string;
  readonly environment?: Readonly<Record<string, string>>;
}

function start(program: string, args: readonly string[], environment: NodeJS.ProcessEnv): Container {
  const child: ChildProcess = spawn(program, args, {
    detached: true,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<Exit>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', () => resolve({ code: null, signal: null }));
  });
  const pid = child.pid ?? 0;
  if (pid === 0) throw new Error(`expected to start ${program}`);
  return {
    pid,
    ended,
    errors: () => errors,
    signal(name) {
      try {
        process.kill(name === 'SIGKILL' ? -pid : pid, name);
      } catch {
        // It has ended.
      }
    },
  };
}

/** Makes the folders as the first container of a pod does. Nothing runs yet. Disposing kills what runs. */
export async function createLocalPod(options: LocalPodOptions): Promise<LocalPod> {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-pod-'));
  const [shared, memory, orderFolder] = [join(folder, 'shared'), join(folder, 'memory'), join(folder, 'order')];
  const words = join(folder, 'words');
  await mkdir(orderFolder);
  await writeFile(join(orderFolder, runnerFiles.order), JSON.stringify(options.order));
  await writeFile(join(orderFolder, runnerFiles.ticket), `${options.ticket}\n`);
  await writeFile(join(orderFolder, runnerFiles.automation(options.order.automation)), options.automation);
  const runnerWords = join(folder, 'runner-words');
  for (const path of [words, runnerWords]) await writeFile(path, '');
  const environment = {
    ...process.env,
    FARHAND_HUB_URL: options.hubUrl,
    FARHAND_RUNNER_SHARED: shared,
    FARHAND_RUNNER_MEMORY: memory,
    FARHAND_RUNNER_ORDER: orderFolder,
    FARHAND_RUNNER_WORDS: runnerWords,
    FARHAND_LOG_FORMAT: 'json',
    ...options.environment,
  };
  const { LEAK_CHECK: _, ...bare } = environment as NodeJS.ProcessEnv;
  const prepared = spawnSync(process.execPath, [main, 'runner', 'prepare'], { env: bare, encoding: 'utf8' });
  if (prepared.status !== 0) throw new Error(`farhand runner prepare: ${prepared.stderr}`);
  const running: Container[] = [];
  const begin = (program: string, args: readonly string[], env: NodeJS.ProcessEnv): Container => {
    const container = start(program, args, env);
    running.push(container);
    return container;
  };
  return {
    folder,
    shared,
    lastWords: () => readFileSync(words, 'utf8'),
    runnerWords: () => readFileSync(runnerWords, 'utf8'),
    startRunner: () => begin(process.execPath, [main, 'runner'], bare),
    startNeighbour: () =>
      begin('sh', [join(shared, podPrograms.wrapper), shared, memory, words], { PATH: process.env['PATH'] }),
    async [Symbol.asyncDispose]() {
      for (const container of running) container.signal('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
