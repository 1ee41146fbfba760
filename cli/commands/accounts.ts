import { Command } from 'commander';
import type { Account } from '../../client/client.ts';
import { toByteWords } from '../../runtime/byte-words.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { fetchItems } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { printTable } from '../table.ts';
import { createAccountsSetCommand } from './accounts-set.ts';

export function createAccountsCommand(context: Context): Command {
  const command = new Command('accounts')
    .description('what accounts have, and what they may have')
    .argument('[account]', 'the one to show')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nEach column: what it has / what it may have. Administrators of the hub see all accounts, others their own.',
    )
    .action(async (name: string | undefined, { json }: { readonly json?: true }) => {
      const api = accessHub(command, context);
      const found =
        name === undefined
          ? await fetchItems(api.listAccounts, {}, Number.POSITIVE_INFINITY)
          : [await api.getAccount(name)];
      if (json === true) await printJson(context, name === undefined ? found : found[0]);
      else await printTable(context.stdout, ['ACCOUNT', 'QUEUED', 'RUNNING', 'LOGS'], found.map(toRow));
    });
  addExamples(
    command,
    ['farhand accounts', 'who has how much'],
    ['farhand accounts set red --running 20', 'of what red may have'],
  );
  return addHubOptions(command).addCommand(createAccountsSetCommand(context));
}

function toRow({ name, usage, limits }: Account): string[] {
  return [
    name,
    `${usage.queuedJobs} / ${limits.queuedJobs ?? 'any'}`,
    `${usage.runningJobs} / ${limits.runningJobs ?? 'any'}`,
    `${toByteWords(usage.logBytes)} / ${limits.logBytes === null ? 'any' : toByteWords(limits.logBytes)}`,
  ];
}
