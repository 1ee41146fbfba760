import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { fetchAutomations } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { toParameterWords } from '../parameter-words.ts';
import { printTable } from '../table.ts';
import { createAutomationsCheckCommand } from './automations-check.ts';

export function createAutomationsCommand(context: Context): Command {
  const command = new Command('automations')
    .description('list what can be run, on how many agents, with which parameters')
    .option('--json', 'print one JSON document')
    .action(async ({ json }: { readonly json?: true }) => {
      const { stdout, stderr } = context;
      const automations = await fetchAutomations(accessHub(command, context));
      if (json === true) {
        await printJson(context, automations);
        return;
      }
      if (automations.every(({ kind }) => kind === 'probe') && stdout.isTerminal) {
        await stderr.line(
          'no agent offers an automation yet: put a YAML file into its automations folder; `farhand init` makes one to begin with',
        );
      }
      const rows = automations.map(({ name, kind, executor, online, agents, parameters, description }) => [
        name,
        kind,
        executor ?? '?',
        `${online}/${agents}`,
        toParameterWords(kind, parameters),
        description ?? '',
      ]);
      await printTable(stdout, ['NAME', 'KIND', 'EXECUTOR', 'ONLINE', 'PARAMETERS', 'DESCRIPTION'], rows);
    });
  addExamples(
    command,
    ['farhand automations', 'what can be run'],
    ['farhand automations --json', 'with the schema of the parameters'],
  );
  return addHubOptions(command).addCommand(createAutomationsCheckCommand(context));
}
