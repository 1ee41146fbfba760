import { type Command, Option } from 'commander';
import { appKinds, appStates } from '../../protocol/app.ts';
import type { App } from '../../protocol/inventory.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { createInventoryCommand } from '../inventory-command.ts';
import { toAppTable } from '../inventory-words.ts';

export function createAppsCommand(context: Context): Command {
  const command = createInventoryCommand<App>(context, {
    name: 'apps',
    one: 'app',
    description: 'list the apps of the clusters that agents watch, or show one in full',
    states: appStates,
    list: (api, filter) => (page) => api.listApps({ ...filter, ...page }),
    get: (api, id) => api.getApp(id),
    toTable: toAppTable,
  })
    .option('--namespace <name>', 'only in this namespace')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(appKinds));
  return addExamples(
    command,
    ['farhand apps --namespace shop', 'what runs in it'],
    ['farhand apps --state degraded', 'what is not well'],
    ['farhand apps web', 'its images, instances, requests, limits'],
    ['farhand apps --labels tier=front --json', 'for a program'],
  );
}
