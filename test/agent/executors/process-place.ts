import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PreparedCommand } from '../../../agent/automations/prepared-command.ts';
import type { Execution } from '../../../agent/executors/execution.ts';
import type { Executor } from '../../../agent/executors/executor.ts';
import { createExecaLauncher } from '../../../agent/executors/process/execa-launcher.ts';
import { equalStanding, type JobStanding } from '../../../agent/executors/process/job-standing.ts';
import { createProcessExecutor } from '../../../agent/executors/process/process-executor.ts';
import { createShellLauncher } from '../../../agent/executors/process/shell-launcher.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { type FileSystem, systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import type { ExecutorPlace } from '../../contract/executor-harness.ts';
import { type ShellHarness, toShellCommand } from '../../contract/shell-harness.ts';

/** Waits that outlast every test. */
export const nearlyForever = '600';
export const atOnce = { graceMs: 0, boundMs: 20_000 };

/** What commands of these tests get. The marker makes the leak check see them. */
export function commandEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LEAK_CHECK: String(process.pid) };
}

/** Attempts' folders in a folder of their own, which `remove` takes away. */
export interface ProcessPlaces {
  readonly root: string;
  create(): Promise<ExecutorPlace>;
  remove(): Promise<void>;
}

export async function createProcessPlaces(): Promise<ProcessPlaces> {
  const root = await mkdtemp(join(tmpdir(), 'farhand-executor-'));
  let count = 0;
  return {
    root,
    create: async () => {
      count += 1;
      const attempt = `attempt-${process.pid}-${Date.now()}-${count}`;
      const folder = join(root, attempt);
      await mkdir(folder, { mode: 0o700 });
      return {
        target: { attempt, folder },
        readOutput: () => readFile(join(folder, 'raw')),
        writeIntent: () => writeFile(join(folder, 'intent.json'), '{}'),
      };
    },
    // What a test that failed left running may still write there.
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 10 }),
  };
}

/** A script for `sh`, as a command. */
export function toCommand(script: string, environment: Readonly<Record<string, string>> = {}): PreparedCommand {
  return toCommandOf(['sh', '-c', script], environment);
}

function toCommandOf(
  argv: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = {},
): PreparedCommand {
  return { argv, environment: { ...commandEnvironment(), ...environment }, workingDirectory: '/tmp', files: [] };
}

/** Starts a command that must start. */
export async function startCommand(
  executor: Executor,
  place: ExecutorPlace,
  command: PreparedCommand,
): Promise<Execution> {
  const started = await executor.start(place.target, command);
  return started.type === 'started' ? started.execution : assert.fail(started.message);
}

/** Who starts wrappers: a shell of that path, or `execa`. */
export type LauncherKind = 'execa' | { readonly launcherShell: string };

export const launcherKinds: readonly LauncherKind[] = [{ launcherShell: '/bin/sh' }, 'execa'];

export function toName(kind: LauncherKind): string {
  return kind === 'execa' ? kind : `by ${kind.launcherShell}`;
}

export function createExecutor(
  shell = '/bin/sh',
  kind: LauncherKind = { launcherShell: '/bin/sh' },
  {
    standing = equalStanding,
    fileSystem = systemFileSystem,
  }: { readonly standing?: JobStanding; readonly fileSystem?: FileSystem } = {},
): ReturnType<typeof createProcessExecutor> {
  const otherwise = createExecaLauncher({ shell, standing });
  const launcher =
    kind === 'execa'
      ? otherwise
      : createShellLauncher({ ...kind, shell, setsid: '/usr/bin/setsid', standing, otherwise, clock: systemClock });
  return createProcessExecutor({
    fileSystem,
    clock: systemClock,
    logger: silentLogger,
    shell,
    launcher,
  });
}

export function createProcessHarness(options: {
  readonly name: string;
  readonly shell: string;
  readonly launcher: LauncherKind;
  readonly places: ProcessPlaces;
}): ShellHarness {
  const { name, shell, launcher, places } = options;
  const shelled = { environment: commandEnvironment(), workingDirectory: '/tmp' };
  const jobFolder = ({ target }: ExecutorPlace) => target.folder;
  return {
    ...shelled,
    name,
    create: () => createExecutor(shell, launcher),
    createPlace: () => places.create(),
    toCommand: (program, place) => toShellCommand(program, { ...shelled, jobFolder: jobFolder(place) }),
    platformEnds: [],
    refusals: {
      'whose program is not there': { command: toCommandOf(['/no/such/program']), fault: 'command' },
    },
    addedNames: ['FARHAND_ATTEMPT_ID', 'PWD', '_'],
    jobFolder,
  };
}

/** Waits for what another process does. */
export async function eventually<T>(
  look: () => T | null | false | Promise<T | null | false>,
  what: string,
): Promise<T> {
  for (let polls = 0; polls < 6_000; polls += 1) {
    const seen = await look();
    if (seen !== null && seen !== false) return seen;
    await delay(5);
  }
  return assert.fail(`expected ${what}, and it did not come about`);
}

/** The process ids that a command wrote as lines `<name> <id>`. */
export async function readPid(place: ExecutorPlace, name: string): Promise<number> {
  const pattern = new RegExp(`^${name} (\\d+)$`, 'm');
  const found = await eventually(
    async () => pattern.exec((await place.readOutput()).toString()),
    `a line "${name} <id>"`,
  );
  return Number(found[1]);
}
