import type { PreparedCommand } from '../../automations/prepared-command.ts';
import { shellQuote } from '../../shell-quote.ts';

/** What a shell can have as a variable. */
const variablePattern = /^[A-Za-z_]\w*$/;

/** The variables that no shell can hand on; empty where all is well. */
export function findUnsayable({ environment }: Pick<PreparedCommand, 'environment'>): readonly string[] {
  return Object.keys(environment).filter((name) => !variablePattern.test(name));
}

/** Environment, working directory and arguments of a command, for the `.` of a shell. Holds secrets: only ever in memory. */
export function toGoText({ argv, environment, workingDirectory }: PreparedCommand): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  const lines = [
    ...exports,
    `cd -- ${shellQuote(workingDirectory)} || exit 126`,
    `set -- ${argv.map(shellQuote).join(' ')}`,
  ];
  return `${lines.join('\n')}\n`;
}
