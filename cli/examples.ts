import type { Command } from 'commander';

/** A command line as somebody would type it, and what it is for. */
export type Example = readonly [line: string, purpose: string];

/** Ends the help of a command with lines to copy. */
export function addExamples(command: Command, ...examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, purpose]) => `  ${line.padEnd(width)}  ${purpose}`);
  return command.addHelpText('after', `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}`);
}
