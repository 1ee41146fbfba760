import { existsSync } from 'node:fs';
import type { Clock } from '../../../runtime/clock.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { Executor } from '../executor.ts';
import { adoptExecution } from './adopt-execution.ts';
import { createLauncher } from './create-launcher.ts';
import { readExitRecord } from './exit-record.ts';
import { readFence, takeFence } from './fence.ts';
import { equalStanding, type JobStanding } from './job-standing.ts';
import { launchExecution } from './launch-execution.ts';
import type { Launcher } from './launcher.ts';
import { prepareFolder } from './prepare-folder.ts';
import { processKind } from './process-kind.ts';
import { markName } from './process-marks.ts';
import { isAlive } from './process-status.ts';
import { createProcessTable } from './process-table.ts';
import { refuseCommand, refuseFolder, refuseProgram, withoutShellOwned } from './refuse-command.ts';
import { toRunAsArguments } from './run-as.ts';
import { findSinkGaps } from './sink-gaps.ts';
import { makeUserFolder } from './user-folder.ts';

/**
 * Runs commands as processes of this machine, each in a process group of its own, under a wrapper that takes the fence
 * (`wrapper.ts`). They outlive whoever started them.
 *
 * Disposing lets go of all executions: nothing keeps this process alive any more, what runs goes on, and a promise of
 * theirs that was not settled by then never is.
 */
export function createProcessExecutor(options: {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A POSIX shell, by its path. */
  readonly shell?: string;
  /** Left out: jobs are the agent's equals. */
  readonly standing?: JobStanding;
  /** Another way to start wrappers. The executor disposes of it. */
  readonly launcher?: Launcher;
}): Executor & AsyncDisposable {
  const { fileSystem, clock, logger, shell = '/bin/sh', standing = equalStanding } = options;
  const launcher = options.launcher ?? createLauncher({ shell, standing, clock });
  const table = existsSync('/proc/self/environ') ? createProcessTable({ clock }) : null;
  const disposal = new AbortController();
  const { signal } = disposal;

  return {
    kind: processKind,
    obstacle: () => null,
    onChange: () => () => {},
    start: async (target, command) => {
      const { runAs } = command;
      const failure =
        (runAs === undefined ? null : makeUserFolder(runAs)) ??
        refuseCommand(command) ??
        refuseFolder(command) ??
        (await prepareFolder(fileSystem, target.folder, command)) ??
        refuseProgram(command);
      if (failure !== null) return failure;
      const argv = runAs === undefined ? command.argv : toRunAsArguments(command, runAs, shell);
      if (argv === null) {
        const message = `Expected the program setpriv to start a command as user ${runAs?.user.name}, found none: install it`;
        return { type: 'failed', fault: 'command', message };
      }
      const environment = { ...withoutShellOwned(command.environment), [markName]: target.attempt };
      const marked = { ...command, argv, environment };
      return launchExecution({ target, command: marked, launcher, fileSystem, table, clock, logger, signal });
    },
    inspect: async ({ folder }) => {
      const fence = await readFence(fileSystem, folder);
      return fence.type === 'wrapper' ? { type: 'started', alive: isAlive(fence), at: fence.at } : fence;
    },
    takeFence: ({ folder }) => takeFence(fileSystem, folder),
    adopt: (target) => adoptExecution({ target, fileSystem, table, clock, signal }),
    readEnd: ({ folder }) => readExitRecord(fileSystem, folder),
    findGaps: ({ folder }, output) => findSinkGaps(fileSystem, folder, output),
    release: async () => {},
    [Symbol.asyncDispose]: async () => {
      disposal.abort();
      await launcher[Symbol.asyncDispose]();
    },
  };
}
