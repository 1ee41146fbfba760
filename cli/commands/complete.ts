import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { suggest } from '../completion/suggest.ts';
import { nothing, type Suggestions } from '../completion/suggestion.ts';
import type { Context } from '../context.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import type { ListedCommand } from '../listed-command.ts';
import { toPrintable } from '../to-printable.ts';

/** Somebody waits at the keyboard. */
const patienceMs = 1_500;
const leaveMs = 50;

/**
 * For the scripts of `farhand completion`. Standard output: what kind of suggestions follow, then one a line with a tab before its
 * description. Whatever goes wrong there are none, and no word about it: a shell would print it into the line that is being typed.
 */
export function createCompleteCommand(context: Context, commands: readonly ListedCommand[]): Command {
  const command = new Command('complete')
    .description('what may come next on a command line, for the scripts of `farhand completion`')
    .argument('[words...]', 'after --: the words behind farhand, the one at the cursor last')
    .action(async (words: readonly string[]) => {
      const options = { commands, context, hub: () => accessHub(command, context) };
      const late = delay(patienceMs, nothing, { ref: false });
      await print(context, await Promise.race([suggest(words, options).catch(() => nothing), late]));
      // A hub that does not answer would hold the process, and the shell with it.
      context.exitWithin(leaveMs);
    });
  return addHubOptions(command);
}

async function print({ stdout }: Context, suggestions: Suggestions): Promise<void> {
  await stdout.line(suggestions.type);
  if (!('values' in suggestions)) return;
  for (const { value, description } of suggestions.values) {
    await stdout.line(`${toPrintable(value)}\t${toPrintable(description)}`.trimEnd());
  }
}
