import type { Argument, Command, Option } from 'commander';

/** What of a command line is typed already, and what the word at the cursor is. */
export interface ReadLine {
  /** The innermost command that is named. */
  readonly command: Command;
  readonly positionals: readonly string[];
  /** What the word at the cursor is the value of, if it is one. */
  readonly expected: { readonly option: Option } | { readonly argument: Argument } | null;
  /** After `--` nothing is an option any more. */
  readonly isLiteral: boolean;
}

/** Reads the words behind the name of a command, up to the one at the cursor, as commander would. */
export function readLine(root: Command, before: readonly string[]): ReadLine {
  let command = root;
  let pending: Option | null = null;
  let isLiteral = false;
  const positionals: string[] = [];
  for (const word of before) {
    if (pending !== null && !word.startsWith('-')) {
      if (!pending.variadic) pending = null;
    } else if (isLiteral) positionals.push(word);
    else if (word === '--') isLiteral = true;
    else if (word.startsWith('-')) pending = toPending(findOption(command, word), word);
    else {
      const child: Command | undefined =
        positionals.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (child === undefined) positionals.push(word);
      else command = child;
    }
  }
  const argument = command.registeredArguments[positionals.length] ?? findVariadic(command);
  const expected = pending !== null ? { option: pending } : argument === undefined ? null : { argument };
  return { command, positionals, expected, isLiteral };
}

/** The option that takes the next word as its value. */
function toPending(option: Option | undefined, word: string): Option | null {
  return option === undefined || !option.required || word.includes('=') ? null : option;
}

/** By `--long`, `--long=value` or `-s`. */
export function findOption(command: Command, word: string): Option | undefined {
  const [flag = word] = word.split('=', 1);
  return command.options.find(({ long, short }) => flag === long || flag === short);
}

function findVariadic(command: Command): Argument | undefined {
  return command.registeredArguments.findLast(({ variadic }) => variadic);
}
