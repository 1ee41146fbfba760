import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessExecutor } from '../../../agent/executors/process/process-executor.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import type { ExecutorHarness, ExecutorPlace } from '../../contract/executor-harness.ts';

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
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export function createExecutor(shell?: string): ReturnType<typeof createProcessExecutor> {
  const parts = { fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger };
  return createProcessExecutor(shell === undefined ? parts : { ...parts, shell });
}

export function createProcessHarness(options: {
  readonly name: string;
  readonly shell: string;
  readonly places: ProcessPlaces;
}): ExecutorHarness {
  const { name, shell, places } = options;
  return {
    name,
    create: () => createExecutor(shell),
    createPlace: places.create,
    environment: commandEnvironment(),
    workingDirectory: '/tmp',
    addedNames: ['FARHAND_ATTEMPT_ID', 'PWD', '_'],
  };
}
