import { inspect } from 'node:util';
import { ConfigError } from '../runtime/configuration/config-error.ts';
import { toFailure } from './api-failure.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

/** Says on standard error what went wrong, what came and what to do next; answers the exit code. */
export async function reportFailure(cause: unknown, { stderr }: Context): Promise<ExitCode> {
  const error = toFailure(cause);
  const say = (text: string) => stderr.line(`${stderr.paint('red', 'farhand:')} ${text}`);
  if (error instanceof Failure) {
    await say(error.message);
    for (const hint of error.hints) await stderr.line(`  ${hint}`);
    return error.exitCode;
  }
  if (error instanceof ConfigError) {
    await say(error.message);
    await stderr.line('  What each means and takes: the command with --help, or docs/config.md');
    return exitCodes.usage;
  }
  await say(`this should not have happened: ${inspect(error)}`);
  return exitCodes.failed;
}
