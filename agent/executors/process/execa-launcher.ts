import { execa } from 'execa';
import { findProgram } from './find-program.ts';
import type { JobStanding } from './job-standing.ts';
import { toLaunchFailure } from './launch-failure.ts';
import type { Launcher } from './launcher.ts';
import { toWrapperArguments } from './wrapper.ts';

/**
 * Starts each wrapper as a child of this process. The cost of the fork grows with this process's memory. It is `nice` that makes it nicer,
 * where there is one: a wrapper may have started its command before this process could.
 */
export function createExecaLauncher(options: { readonly shell: string; readonly standing: JobStanding }): Launcher {
  const { shell, standing } = options;
  const find = (program: string) => findProgram(program, { path: undefined, workingDirectory: '/' });
  const nice = standing.nicerBy === 0 || find(shell) === null ? null : find('nice');
  const [program, ...prefix] = nice === null ? [shell] : [nice, '-n', String(standing.nicerBy), shell];
  return {
    launch: async (folder, command) => {
      const subprocess = execa(program, [...prefix, ...toWrapperArguments(command, standing)], {
        cwd: folder,
        env: command.environment,
        extendEnv: false,
        detached: true,
        stdio: 'ignore',
        // Its default would kill jobs when the agent is told to stop.
        cleanup: false,
        // The result always resolves: there is no error event and no rejection left to miss.
        reject: false,
        buffer: false,
      });
      const ended = subprocess.then(() => undefined);
      if (subprocess.pid === undefined) {
        const { code, originalMessage } = await subprocess;
        return toLaunchFailure({ code, message: originalMessage ?? 'no reason given', shell, command });
      }
      const { nodeChildProcess, pid } = subprocess;
      return { type: 'launched', wrapper: { pid, ended, release: () => nodeChildProcess.unref() } };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
