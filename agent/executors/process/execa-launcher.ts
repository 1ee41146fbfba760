import { execa } from 'execa';
import { toLaunchFailure } from './launch-failure.ts';
import type { Launcher } from './launcher.ts';
import { toWrapperArguments } from './wrapper.ts';

/** Starts each wrapper as a child of this process. The cost of the fork grows with this process's memory. */
export function createExecaLauncher(options: { readonly shell: string }): Launcher {
  const { shell } = options;
  return {
    launch: async (folder, command) => {
      const subprocess = execa(shell, toWrapperArguments(command), {
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
