import { Command } from 'commander';
import type { JoinToken, Token } from '../../client/client.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { fetchItems } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { printTable } from '../table.ts';
import { toPrintable } from '../to-printable.ts';

interface ListOptions {
  readonly join?: true;
  readonly revoked?: true;
  readonly account?: string;
  readonly json?: true;
}

export function createTokenListCommand(context: Context): Command {
  const command = new Command('list')
    .description('list the tokens that stand; the tokens themselves nobody has, only whom they were given knows them')
    .option('--join', 'those with which agents join')
    .option('--revoked', 'those that were revoked in the last month, in the place of those that stand')
    .option('--account <name>', 'of this account (default: your own)')
    .option('--json', 'print one JSON document')
    .action((options: ListOptions) => listTokens(command, context, options));
  addExamples(command, ['farhand token list', 'who may call'], ['farhand token list --join', 'who may join']);
  return addHubOptions(command);
}

async function listTokens(
  command: Command,
  context: Context,
  { join, revoked, account, json }: ListOptions,
): Promise<void> {
  const api = accessHub(command, context);
  const { stdout } = context;
  if (join === true) {
    const tokens = await fetchItems(api.listJoinTokens, { account }, Number.POSITIVE_INFINITY);
    if (json === true) await printJson(context, tokens);
    else await printTable(stdout, ['ID', 'USES LEFT', 'EXPIRES', 'LABELS', 'MAY CLAIM'], tokens.map(toJoinRow));
    return;
  }
  const tokens = await fetchItems(api.listTokens, { account, revoked }, Number.POSITIVE_INFINITY);
  if (json === true) await printJson(context, tokens);
  else
    await printTable(
      stdout,
      ['ID', 'ROLE', 'NAME', 'MADE', revoked === true ? 'REVOKED' : 'EXPIRES'],
      tokens.map(toRow),
    );
}

function toRow({ id, role, name, createdAt, expiresAt, revokedAt }: Token): string[] {
  return [id, role, name === '' ? '-' : toPrintable(name), createdAt, revokedAt ?? expiresAt ?? 'never'];
}

function toJoinRow({ id, uses, expiresAt, labels, allowedLabels }: JoinToken): string[] {
  const given = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    id,
    uses === null ? 'any' : String(uses),
    expiresAt ?? 'never',
    given.join(',') || '-',
    allowedLabels === '' ? 'any' : allowedLabels,
  ];
}
