import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { allItems, type ListPage, type PageQuery } from '../../client/client.ts';
import type { AuditEvent } from '../../protocol/audit.ts';
import type { ApiClient } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import type { Context } from '../context.ts';
import { parseDuration } from '../duration-option.ts';
import { addExamples } from '../examples.ts';
import { fetchItems } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { listenForInterruption } from '../interruption.ts';
import { printJson } from '../json-document.ts';
import { wholeNumberOption } from '../number-option.ts';
import { printTable } from '../table.ts';
import { toPrintable } from '../to-printable.ts';

interface AuditOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly object?: string;
  readonly since?: string;
  readonly until?: string;
  readonly account?: string;
  readonly limit: number;
  readonly follow?: true;
  readonly json?: true;
}

type Filter = Pick<AuditOptions, 'actor' | 'action' | 'object' | 'since' | 'until' | 'account'>;

const lookEveryMs = 2_000;
const pageSize = 100;

const details = `
The newest first: time, what was done, to what, by whom, from where, and what there is to say of it. An administrator's token is needed.
--json adds the id of the request, by which the hub's log and the problems of callers name it, too.

With --follow it prints what is done from now on, the oldest first, until Ctrl-C.`;

export function createAuditCommand(context: Context): Command {
  const command = new Command('audit')
    .description('list what was done on the hub, and by whom')
    .option('--actor <name>', 'done by this one, such as token:ID, agent:ID or hub')
    .option('--action <name>', 'such as token.created; `token` is everything that was done to tokens')
    .option('--object <name>', 'done to this, such as agent:ID')
    .option(
      '--since <time>',
      'at this time or later: 2030-01-31T12:00:00Z, or how long ago: 90s, 15m, 24h, 7d',
      parseMoment,
    )
    .option('--until <time>', 'before this time', parseMoment)
    .option('--account <name>', 'of this account (default: your own)')
    .option('--limit <number>', 'how many at most', wholeNumberOption(1, 1_000_000), 50)
    .option('-f, --follow', 'go on with what is done from now on')
    .option('--json', 'print one JSON document; with --follow one line each')
    .addHelpText('after', details)
    .action((options: AuditOptions) => audit(command, context, options));
  addExamples(
    command,
    ['farhand audit', 'what was done last'],
    ['farhand audit --action token --since 7d', 'who made and revoked tokens this week'],
    ['farhand audit --object agent:ID', 'all that was done to one agent'],
    ['farhand audit --action auth --follow', 'whom the hub turns away'],
  );
  return addHubOptions(command);
}

async function audit(command: Command, context: Context, options: AuditOptions): Promise<void> {
  const { limit, follow, json, ...filter } = options;
  const api = accessHub(command, context);
  if (follow === true) return followAudit(api, context, { filter, json: json === true });
  const events = await fetchItems(api.listAudit, filter, limit);
  if (json === true) return printJson(context, events);
  await printTable(context.stdout, ['AT', 'ACTION', 'OBJECT', 'ACTOR', 'FROM', 'DATA'], events.map(toRow));
}

/** Looks again and again: the audit is read by administrators, few at a time, and seconds late is soon enough. */
async function followAudit(
  api: ApiClient,
  context: Context,
  { filter, json }: { readonly filter: Filter; readonly json: boolean },
): Promise<void> {
  const { stdout, stderr } = context;
  using interruption = listenForInterruption();
  const { signal } = interruption;
  const since = new Date().toISOString();
  let last: string | null = null;
  let isAway = false;
  try {
    for (;;) {
      try {
        const news: readonly AuditEvent[] = await fetchAfter(api, { since, ...filter }, { last, signal });
        for (const event of news)
          await stdout.line(json ? JSON.stringify(event) : toRow(event).map(toPrintable).join('\t'));
        last = news.at(-1)?.id ?? last;
        isAway = false;
      } catch (error) {
        if (!(error instanceof ApiError && error.isPassing)) throw error;
        if (!isAway) await stderr.line(stderr.paint('dim', 'the hub is away; waiting for it'));
        isAway = true;
      }
      await delay(lookEveryMs, undefined, { signal });
    }
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null) throw error;
    context.exitWith(code);
  }
}

/** What came after the last one that was seen, the oldest first. */
async function fetchAfter(
  api: ApiClient,
  filter: Filter,
  { last, signal }: { readonly last: string | null; readonly signal: AbortSignal },
): Promise<readonly AuditEvent[]> {
  const news: AuditEvent[] = [];
  const list: ListPage<PageQuery & Filter, AuditEvent> = (query) => api.listAudit(query, { signal });
  for await (const event of allItems(list, { ...filter, limit: pageSize })) {
    if (event.id === last) break;
    news.unshift(event);
  }
  return news;
}

function toRow({ at, action, object, actor, remote, data }: AuditEvent): string[] {
  return [at, action, object, actor, remote ?? '-', JSON.stringify(data)];
}

/** A time, or how long ago. */
function parseMoment(text: string): string {
  const time = /^\d{4}-/.test(text) ? Date.parse(text) : Date.now() - toMs(text);
  if (!Number.isFinite(time))
    throw new InvalidArgumentError('Expected a time such as 2030-01-31T12:00:00Z, or how long ago: 90s, 15m, 24h, 7d.');
  return new Date(time).toISOString();
}

function toMs(text: string): number {
  try {
    return parseDuration(text) * 1000;
  } catch {
    return Number.NaN;
  }
}
