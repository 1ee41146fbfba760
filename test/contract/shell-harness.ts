import type { PreparedCommand } from '../../agent/automations/prepared-command.ts';
import type { ExecutorHarness, ExecutorPlace, TestProgram } from './executor-harness.ts';

/** What the suites need of an executor whose commands find a shell and the usual tools. */
export interface ShellHarness extends ExecutorHarness {
  /** The least that a command's environment must hold, a PATH to the usual tools among it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder that commands can work in. */
  readonly workingDirectory: string;
  /** Variables that a command sees although nobody gave them. */
  readonly addedNames: readonly string[];
  /** Where a command finds the files of its job. */
  jobFolder(place: ExecutorPlace): string;
}

/** The program as a script for `sh`. */
export function toShellCommand(
  { ignoresTerm, print = '', bytes = 0, outputs, seconds = 0, status = 0 }: TestProgram,
  {
    environment,
    workingDirectory,
    jobFolder,
  }: Pick<ShellHarness, 'environment' | 'workingDirectory'> & {
    readonly jobFolder: string;
  },
): PreparedCommand {
  const lines = [
    ignoresTerm === true ? `trap '' TERM` : '',
    `printf '%s' "$1"`,
    bytes > 0 ? `head -c ${bytes} /dev/zero | tr '\\0' .` : '',
    outputs === undefined ? '' : `printf '%s' "$2" >"$FARHAND_OUTPUTS"`,
    seconds > 0 ? `sleep ${seconds}` : '',
    `exit ${status}`,
  ];
  return {
    argv: ['sh', '-c', lines.filter((line) => line !== '').join('\n'), 'program', print, JSON.stringify(outputs ?? {})],
    environment: { ...environment, FARHAND_OUTPUTS: `${jobFolder}/outputs` },
    workingDirectory,
    files: [],
  };
}
