import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemWatchFolder } from '../../../agent/attempts/raw-watch.ts';
import type { PreparedCommand } from '../../../agent/automations/prepared-command.ts';
import type { Execution, ExecutionTarget } from '../../../agent/executors/execution.ts';
import {
  createNeighbourExecutor,
  type NeighbourExecutor,
} from '../../../agent/executors/neighbour/neighbour-executor.ts';
import { openNeighbourPipes } from '../../../agent/executors/neighbour/neighbour-pipes.ts';
import { type NeighbourPlace, toNeighbourPlace } from '../../../agent/executors/neighbour/neighbour-place.ts';
import { podPrograms, preparePod } from '../../../agent/runner/prepare-pod.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';

/** The container beside a runner, as a process. */
interface Neighbour {
  readonly pid: number;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

/** A runner's end of a pod, in this process, and the container beside it, which comes when it is told to. */
export interface NeighbourPod extends AsyncDisposable {
  readonly folders: { readonly shared: string; readonly memory: string };
  readonly executor: NeighbourExecutor;
  readonly target: ExecutionTarget;
  start(script: string, environment?: Readonly<Record<string, string>>): Promise<Execution>;
  /** Starts the wrapper, as it is or changed. Once. */
  come(change?: (text: string) => string): Neighbour;
  /** The same as the first process of a process namespace, as a container has one. For root. */
  comeAsContainer(options?: { readonly shell?: string; readonly change?: (text: string) => string }): Neighbour;
  output(): Promise<string>;
  lastWords(): Promise<string>;
}

export function openNeighbourExecutor(place: NeighbourPlace): NeighbourExecutor {
  return createNeighbourExecutor({
    place,
    pipes: openNeighbourPipes(place),
    fileSystem: systemFileSystem,
    watchFolder: systemWatchFolder,
    clock: systemClock,
  });
}

export async function createNeighbourPod(): Promise<NeighbourPod> {
  const root = await mkdtemp(join(tmpdir(), 'farhand-pod-'));
  const folders = { shared: join(root, 'shared'), memory: join(root, 'memory') };
  preparePod({ ...folders, shell: null });
  const place = toNeighbourPlace(folders);
  const executor = openNeighbourExecutor(place);
  const target = { attempt: 'attempt-1', folder: join(folders.shared, 'attempts', 'attempt-1') };
  await systemFileSystem.mkdir(target.folder);
  const words = join(root, 'words');
  await writeFile(words, '');
  let child: ChildProcess | null = null;
  let gone: Promise<number | string | null> = Promise.resolve(null);
  const output = () => readFile(join(target.folder, 'raw'), 'utf8');
  const program = join(folders.shared, podPrograms.wrapper);
  function run(launcher: readonly string[], shell = 'sh'): Neighbour {
    const [name, ...args] = [...launcher, shell, program, folders.shared, folders.memory, words];
    const env = { PATH: '/usr/bin:/bin', LEAK_CHECK: String(process.pid) };
    const wrapper = spawn(name, args, { detached: true, env, stdio: 'ignore' });
    child = wrapper;
    gone = new Promise((resolve) => wrapper.once('exit', (code, signal) => resolve(code ?? signal)));
    return { pid: wrapper.pid ?? assert.fail('expected a wrapper'), ended: gone };
  }
  function changeProgram(change: ((text: string) => string) | undefined): void {
    if (change !== undefined) writeFileSync(program, change(readFileSync(program, 'utf8')));
  }
  return {
    folders,
    executor,
    target,
    async start(script, environment = {}) {
      const command: PreparedCommand = {
        argv: ['sh', '-c', script],
        environment: { PATH: '/usr/bin:/bin', LEAK_CHECK: String(process.pid), ...environment },
        workingDirectory: '/tmp',
        files: [],
      };
      const started = await executor.start(target, command);
      return started.type === 'started' ? started.execution : assert.fail(started.message);
    },
    come(change) {
      changeProgram(change);
      return run([]);
    },
    comeAsContainer({ shell, change } = {}) {
      changeProgram(change);
      return run(['unshare', '--pid', '--fork', '--kill-child'], shell);
    },
    output,
    lastWords: () => readFile(words, 'utf8'),
    async [Symbol.asyncDispose]() {
      executor[Symbol.dispose]();
      if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, 'SIGKILL');
        await gone;
      }
      await rm(root, { recursive: true, force: true });
    },
  };
}
