import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { wishOfAgent } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { withKnownAgent } from '../known-agent.ts';

export function createResumeCommand(context: Context): Command {
  const command = new Command('resume')
    .description('give a drained agent work again')
    .argument('<agent>', 'its name')
    .option('--note <text>', 'a word for whoever looks later')
    .option('--json', 'print the agent as one JSON document')
    .action(async (name: string, { note, json }: { readonly note?: string; readonly json?: true }) => {
      const api = accessHub(command, context);
      const agent = await withKnownAgent(api, name, () =>
        wishOfAgent(api, name, { wish: 'resume', note: note ?? null }),
      );
      if (json === true) await printJson(context, agent);
      else if (agent.online) await context.stdout.line(`${name} takes work again`);
      else await context.stdout.line(`${name} takes work again as soon as it is back: it is offline now`);
    });
  addExamples(command, ['farhand resume a1', 'after farhand drain a1']);
  return addHubOptions(command);
}
