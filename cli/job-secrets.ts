import { readFileSync } from 'node:fs';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

export interface GivenSecrets {
  readonly values: Readonly<Record<string, string>>;
  /** Names of those whose value stood on the command line, where every user of the machine can read it. */
  readonly exposed: readonly string[];
}

/** Makes secrets of what was typed: `name` (from the variable of that name), `name=@file`, `name=value`. */
export function readSecrets(
  arguments_: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): GivenSecrets {
  const values: Record<string, string> = {};
  const exposed: string[] = [];
  for (const argument of arguments_) {
    const [, name = argument, value] = /^([^=]*)=(.*)$/s.exec(argument) ?? [];
    if (name === '') {
      throw new Failure(exitCodes.usage, '-s: expected a name, as in -s password=@file or -s PASSWORD, got none');
    }
    if (value === undefined) values[name] = fromEnvironment(name, environment);
    else if (value.startsWith('@')) values[name] = fromFile(name, value.slice(1));
    else {
      values[name] = value;
      exposed.push(name);
    }
  }
  return { values, exposed };
}

function fromEnvironment(name: string, environment: Readonly<Record<string, string | undefined>>): string {
  const value = environment[name];
  if (value !== undefined) return value;
  throw new Failure(exitCodes.usage, `-s ${name}: expected a variable of that name in the environment, got none`, [
    `Set it, or give the secret as a file: -s ${name}=@path`,
  ]);
}

/** One line end at the end is not part of the secret: editors put it there. */
function fromFile(name: string, path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCodes.usage, `-s ${name}=@${path}: expected a file that can be read (${why})`);
  }
}
