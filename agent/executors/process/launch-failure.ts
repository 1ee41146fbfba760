import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { StartFailure } from '../executor.ts';

/** What the system says when *this* command is too long; all else may be better on another try or machine. */
export function toLaunchFailure(failure: {
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
