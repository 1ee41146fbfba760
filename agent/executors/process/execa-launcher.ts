import { execa } from 'execa';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { StartFailure } from '../executor.ts';
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
        return toStartFailure({ code, message: originalMessage ?? 'no reason given', shell, command });
      }
      const { nodeChildProcess, pid } = subprocess;
      return { type: 'launched', wrapper: { pid, ended, release: () => nodeChildProcess.unref() } };
    },
  };
}

/** What the system says when *this* command is too long; all else may be better on another try or machine. */
function toStartFailure(failure: {
  readonly code: string | undefined;
  readonly message: string;
  readonly shell: string;
  readonly command: PreparedCommand;
}): StartFailure {
  const { code, message, shell, command } = failure;
  if (code === 'E2BIG') {
    const argumentBytes = sumBytes(command.argv);
    const variableBytes = sumBytes(Object.entries(command.environment).map(([name, value]) => `${name}=${value}`));
    const text = `Expected arguments and variables that this system can pass to a program (at most 128 KiB each, mostly 2 MiB in all), got ${argumentBytes} bytes of arguments and ${variableBytes} of variables: pass long values in files`;
    return { type: 'failed', fault: 'command', message: text };
  }
  return {
    type: 'failed',
    fault: 'environment',
    message: `Expected to start ${shell} in the attempt's folder, the system refused: ${message}`,
  };
}

function sumBytes(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
}
