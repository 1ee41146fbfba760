import type { PreparedCommand } from '../../automations/prepared-command.ts';
import { shellQuote } from '../../shell-quote.ts';

/** Of a command that `refuseCommand` found nothing against: environment, working directory and arguments of a command, for the `.` of a shell. Holds secrets: only ever in memory. */
export function toGoText({ argv, environment, workingDirectory }: PreparedCommand): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  const lines = [
    ...exports,
    `cd -- ${shellQuote(workingDirectory)} || exit 126`,
    `set -- ${argv.map(shellQuote).join(' ')}`,
  ];
  return `${lines.join('\n')}\n`;
}
