import { Help } from 'commander';
import type { ApiClient } from '../api-client.ts';
import type { Context } from '../context.ts';
import type { ListedCommand } from '../listed-command.ts';
import { findOption, type ReadLine, readLine } from './read-line.ts';
import { suggestValues } from './suggest-values.ts';
import { nothing, type Suggestion, type Suggestions } from './suggestion.ts';
import { toArgumentSource, toOptionSource, type ValueSource } from './value-source.ts';

export interface SuggestOptions {
  readonly commands: readonly ListedCommand[];
  readonly context: Context;
  readonly hub: () => ApiClient;
}

/**
 * What may stand at the cursor: the last of the words, which may be empty; the words before it are those after `farhand`. It is all read
 * off the commands themselves, of which only the one that is named is loaded. Rejects when the hub would have to be asked and cannot be.
 */
export async function suggest(words: readonly string[], options: SuggestOptions): Promise<Suggestions> {
  const current = words.at(-1) ?? '';
  const [name, ...before] = words.slice(0, -1);
  if (name === undefined) return keep(suggestCommands(options.commands, current), current);
  const listed = options.commands.find((command) => command.name === name);
  if (listed === undefined) return nothing;
  const line = readLine(await listed.load(options.context), before);
  return keep(await suggestWord(line, current, options), current);
}

function suggestCommands(commands: readonly ListedCommand[], current: string): Suggestions {
  if (current.startsWith('-')) {
    return toValues([
      { value: '--help', description: 'print help' },
      { value: '--version', description: 'print the version' },
    ]);
  }
  const shown = commands.filter(({ hidden }) => hidden !== true);
  return toValues(shown.map((command) => ({ value: command.name, description: command.summary })));
}

async function suggestWord(line: ReadLine, current: string, options: SuggestOptions): Promise<Suggestions> {
  const { command, positionals, expected, isLiteral } = line;
  const ask = (source: ValueSource, typed: string) =>
    suggestValues({ source, typed, positionals, commandName: command.name(), hub: options.hub });
  if (expected !== null && 'option' in expected && !(expected.option.variadic && current.startsWith('-'))) {
    return ask(toOptionSource(expected.option), current);
  }
  if (!isLiteral && current.startsWith('--') && current.includes('=')) {
    const option = findOption(command, current);
    if (option === undefined) return nothing;
    const at = current.indexOf('=') + 1;
    return addPrefix(current.slice(0, at), await ask(toOptionSource(option), current.slice(at)));
  }
  if (!isLiteral && current.startsWith('-')) return suggestFlags(line);
  const children = positionals.length > 0 ? [] : command.commands;
  const own = children.map((child) => ({ value: child.name(), description: child.description() }));
  if (expected === null || !('argument' in expected)) return own.length === 0 ? nothing : toValues(own);
  const asked = await ask(toArgumentSource(expected.argument), current);
  return 'values' in asked ? { ...asked, values: [...asked.values, ...own] } : asked;
}

function suggestFlags({ command }: ReadLine): Suggestions {
  const flags = new Help().visibleOptions(command).flatMap((option): Suggestion[] => {
    const flag = option.long ?? option.short;
    // In a list there is room for a few words.
    return flag === undefined
      ? []
      : [{ value: flag, description: option.description.split(/[:;.(] ?/, 1)[0]?.trim() ?? '' }];
  });
  return toValues(flags);
}

function toValues(list: readonly Suggestion[]): Suggestions {
  return { type: 'values', values: list };
}

function addPrefix(prefix: string, suggestions: Suggestions): Suggestions {
  if (!('values' in suggestions)) return suggestions;
  return {
    ...suggestions,
    values: suggestions.values.map(({ value, description }) => ({ value: `${prefix}${value}`, description })),
  };
}

/** Those that begin as it is typed, each once, in order. */
function keep(suggestions: Suggestions, current: string): Suggestions {
  if (!('values' in suggestions)) return suggestions;
  const fitting = new Map(
    suggestions.values.filter(({ value }) => value.startsWith(current)).map((one) => [one.value, one] as const),
  );
  return { ...suggestions, values: [...fitting.values()] };
}
