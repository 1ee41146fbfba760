import { Command } from 'commander';
import type { JsonObject } from '../../protocol/json.ts';
import type { Context } from '../context.ts';
import { fetchAutomations } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { printTable } from '../table.ts';

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
          'no agent offers an automation yet: put a YAML file into its automations folder and send it SIGHUP',
        );
      }
      const rows = automations.map(({ name, kind, online, agents, parameters, description }) => [
        name,
        kind,
        `${online}/${agents}`,
        toParameterWords(parameters),
        description ?? '',
      ]);
      await printTable(stdout, ['NAME', 'KIND', 'ONLINE', 'PARAMETERS', 'DESCRIPTION'], rows);
    });
  return addHubOptions(command);
}

/** `name, count?`: a question mark where it may be left out; `any` where nothing is said. */
function toParameterWords(schema: JsonObject | null): string {
  const properties = schema?.['properties'];
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return 'any';
  const required = schema?.['required'];
  const isRequired = (name: string) => Array.isArray(required) && required.includes(name);
  return Object.keys(properties)
    .map((name) => (isRequired(name) ? name : `${name}?`))
    .join(', ');
}
