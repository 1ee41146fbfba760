import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { toOwnProgram } from '../../automations/own-program.ts';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { StartFailure } from '../executor.ts';
import { findProgram } from './find-program.ts';
import { steeringNames } from './run-as.ts';

/**
 * Names that a shell sets by itself, as every program knows: what the document says about them does not count. PWD is
 * the working directory, the others are not there (`_` and, under bash, POSIXLY_CORRECT excepted).
 */
const shellOwnedNames = new Set(['PWD', 'OLDPWD', 'SHLVL', '_']);

/** Names that some POSIX shell takes for its own: it would drop or change the value on the way, or not start at all. */
const reservedNames = new Set(
  (
    'farhand_stat farhand_sink farhand_blocks farhand_log FARHAND_SINK IFS OPTIND OPTERR PPID LINENO RANDOM SRANDOM PS1 PS2 PS4 HISTCMD EPOCHSECONDS EPOCHREALTIME COMP_WORDBREAKS ' +
    'SHELLOPTS BASHOPTS BASH BASHPID BASH_ARGV0 BASH_COMPAT BASH_EXECUTION_STRING BASH_SUBSHELL BASH_VERSION BASH_XTRACEFD'
  ).split(' '),
);

/** Files of an attempt's folder that are not the command's to name. */
const reservedFiles =
  /^(\.{0,2}|started|raw|exit|fence|sink|before|after|(claim|document|intent|result|after)\.json)(\.part)?$/;

/** Why the command cannot be run as it was given, before anything of it is written; null when nothing is against it. */
export function refuseCommand(command: PreparedCommand): StartFailure | null {
  return toRefusal(findMistake(command));
}

/** Why it cannot begin where it is to work, on this machine. */
export function refuseFolder({ workingDirectory }: PreparedCommand): StartFailure | null {
  if (isFolder(workingDirectory)) return null;
  return toRefusal(`Expected a working directory, ${workingDirectory} is none that can be entered`);
}

/** Why its program would not start, once its files are there: it may be one of them. */
export function refuseProgram({ argv, needs, environment, workingDirectory }: PreparedCommand): StartFailure | null {
  const path = environment['PATH'];
  const named = needs ?? [];
  const programs = named.some(({ program }) => program === argv[0]) ? named : [...named, toOwnProgram(argv[0])];
  const missing = programs.find(({ program }) => findProgram(program, { path, workingDirectory }) === null);
  if (missing === undefined) return null;
  const { program, remedy } = missing;
  const found = program.includes('/')
    ? `Expected a program that can be executed, ${program} (seen from ${workingDirectory}) is none`
    : `Expected a program named ${JSON.stringify(program)} in the PATH of the job (${path ?? 'not set'}), found none`;
  return toRefusal(`${found}: ${remedy}`);
}

function toRefusal(message: string | null): StartFailure | null {
  return message === null ? null : { type: 'failed', fault: 'command', message };
}

/** The environment without the names that belong to the shell. */
export function withoutShellOwned(environment: PreparedCommand['environment']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !shellOwnedNames.has(name)));
}

function findMistake({ argv, environment, workingDirectory, files, runAs }: PreparedCommand): string | null {
  if (argv.some(isUnspeakable))
    return 'Expected arguments without NUL characters and lone surrogates, got one that has them';
  for (const [name, value] of Object.entries(environment)) {
    if (isUnspeakable(value))
      return `Expected variable ${name} without NUL characters and lone surrogates, it has them`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      return `Expected names of variables out of letters, digits and _, got ${JSON.stringify(name)}: a shell would drop it`;
    }
    if (reservedNames.has(name))
      return `Expected names of variables that no shell takes for its own, got ${name}: choose another`;
    if (runAs !== undefined && steeringNames.test(name))
      return `Expected no variable that changes what programs load for a command of another user, got ${name}: programs of the agent would obey it, too. Set it in a script of that user`;
  }
  const badFile = files.find(({ name }) => name.includes('/') || isUnspeakable(name) || reservedFiles.test(name));
  if (badFile !== undefined)
    return `Expected plain file names that farhand does not use itself, got ${JSON.stringify(badFile.name)}`;
  if (!isAbsolute(workingDirectory))
    return `Expected an absolute working directory, got ${JSON.stringify(workingDirectory)}`;
  return null;
}

/** Text that cannot reach a program as it is. */
function isUnspeakable(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed();
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}
