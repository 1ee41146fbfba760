import { Command, Option } from 'commander';
import type { ListPage, PageQuery } from '../client/client.ts';
import type { App, Node } from '../protocol/inventory.ts';
import type { JsonObject } from '../protocol/json.ts';
import { Id } from '../protocol/names.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-code.ts';
import { toFactsLines } from './facts-words.ts';
import { Failure } from './failure.ts';
import { fetchItems } from './fetch-items.ts';
import { accessHub, addHubOptions } from './hub-access.ts';
import { toTroubleLines } from './inventory-words.ts';
import { printJson } from './json-document.ts';
import { wholeNumberOption } from './number-option.ts';
import type { Output } from './output.ts';
import { type Table, toTableLines } from './table.ts';

interface Options {
  readonly agent?: string;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly kind?: string;
  readonly state?: string;
  readonly name?: string;
  readonly labels?: string;
  readonly stale?: true;
  readonly limit: number;
  readonly json?: true;
}

/** What the two lists have of their own. */
export interface InventoryCommand<Item extends Node | App> {
  readonly name: 'nodes' | 'apps';
  readonly one: 'node' | 'app';
  readonly description: string;
  readonly states: readonly string[];
  list(api: ApiClient, filter: JsonObject): ListPage<PageQuery, Item>;
  get(api: ApiClient, id: string): Promise<Item>;
  toTable(output: Output, items: readonly Item[], now: number): Table;
}

const details = `
What an agent that is offline told last stays in the list, and the column STALE says since when it may not be so any more.`;

/** The options, the list and the single view, which both have alike. */
export function createInventoryCommand<Item extends Node | App>(
  context: Context,
  its: InventoryCommand<Item>,
): Command {
  const command = new Command(its.name)
    .description(its.description)
    .argument(`[${its.one}]`, 'the one to show, by its name or id')
    .option('--agent <name>', 'only what this agent tells of')
    .option('--cluster <name>', 'only of this cluster')
    .addOption(new Option('--state <state>', 'only in this state').choices(its.states))
    .option('--name <beginning>', 'only those whose names begin so')
    .option('--labels <selector>', 'only those with these labels, such as tier=front')
    .option('--stale', 'only those that may not be so any more')
    .option('--limit <number>', 'how many', wholeNumberOption(1, 100_000), 500)
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (asked: string | undefined, options: Options) => {
      const api = accessHub(command, context);
      const { json = false } = options;
      if (asked !== undefined && Id.safeParse(asked).success) return showItem(its, { api, context, id: asked, json });
      const found = await findItems(api, its, { asked, options });
      const [item] = found;
      if (asked !== undefined && item === undefined) throw toUnknown(its, asked);
      if (asked !== undefined && item !== undefined && found.length === 1) return showOne(context, item, json);
      await showAll(its, { context, found, json });
      if (found.length === options.limit && context.stdout.isTerminal) {
        await context.stderr.line(`these are the first ${options.limit}; see more with --limit, or fewer with --name`);
      }
    });
  return addHubOptions(command);
}

async function findItems<Item extends Node | App>(
  api: ApiClient,
  its: InventoryCommand<Item>,
  { asked, options }: { readonly asked: string | undefined; readonly options: Options },
): Promise<readonly Item[]> {
  const { agent, cluster, namespace, kind, state, name, labels, stale, limit } = options;
  const filter = {
    ...(agent === undefined ? {} : { agent }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(kind === undefined ? {} : { kind: [kind] }),
    ...(state === undefined ? {} : { state: [state] }),
    ...(labels === undefined ? {} : { selector: labels }),
    ...(stale === undefined ? {} : { stale }),
    ...((asked ?? name) === undefined ? {} : { name: asked ?? name ?? '' }),
  };
  const found = await fetchItems(its.list(api, filter), {}, limit);
  return asked === undefined ? found : found.filter((item) => item.name === asked);
}

async function showItem<Item extends Node | App>(
  its: InventoryCommand<Item>,
  {
    api,
    context,
    id,
    json,
  }: { readonly api: ApiClient; readonly context: Context; readonly id: string; readonly json: boolean },
): Promise<void> {
  try {
    await showOne(context, await its.get(api, id), json);
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem?.code !== 'not-found') throw error;
    throw toUnknown(its, id);
  }
}

async function showOne<Item extends Node | App>(context: Context, item: Item, json: boolean): Promise<void> {
  if (json) return printJson(context, item);
  for (const line of toFactsLines(item as unknown as JsonObject)) await context.stdout.line(line);
}

async function showAll<Item extends Node | App>(
  its: InventoryCommand<Item>,
  { context, found, json }: { readonly context: Context; readonly found: readonly Item[]; readonly json: boolean },
): Promise<void> {
  const { stdout, stderr } = context;
  if (json) return printJson(context, found);
  if (found.length === 0 && stdout.isTerminal) {
    await stderr.line(`no such ${its.name}; agents tell of them where FARHAND_KUBERNETES_INVENTORY is true`);
  }
  for (const line of toTableLines(stdout, its.toTable(stdout, found, Date.now()))) await stdout.line(line);
  for (const line of toTroubleLines(found)) await stderr.line(stderr.paint('yellow', line));
}

function toUnknown({ name, one }: Pick<InventoryCommand<Node>, 'name' | 'one'>, asked: string): Failure {
  return new Failure(exitCodes.usage, `there is no ${one} ${JSON.stringify(asked)}`, [
    `Which there are: farhand ${name}`,
  ]);
}
