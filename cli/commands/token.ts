import { Command, Option } from 'commander';
import type { JoinTokenRequest, TokenRequest } from '../../client/client.ts';
import { parseLabelsText } from '../../protocol/labels-text.ts';
import { Role } from '../../protocol/token.ts';
import type { Context } from '../context.ts';
import { parseDuration } from '../duration-option.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { wholeNumberOption } from '../number-option.ts';
import { createTokenListCommand } from './token-list.ts';
import { createTokenRevokeCommand } from './token-revoke.ts';

interface CreateOptions {
  readonly join?: true;
  readonly role?: Role;
  readonly account?: string;
  readonly uses?: number;
  readonly expires?: number;
  readonly labels?: string;
  readonly allowLabels?: string;
  readonly ephemeral?: true;
  readonly name?: string;
  readonly json?: true;
}

export function createTokenCommand(context: Context): Command {
  const create = new Command('create')
    .description('make a token and print it, alone; it is shown this once')
    .option('--join', 'lets agents join (FARHAND_JOIN_TOKEN)')
    .addOption(new Option('--role <role>', 'for a person or a program (FARHAND_TOKEN)').choices(Role.options))
    .option('--account <name>', 'the account it is for (default: your own)')
    .option('--name <text>', 'with --role: what it is for')
    .option(
      '--uses <number>',
      'with --join: how many agents may join with it (default: 1)',
      wholeNumberOption(1, 1_000_000),
    )
    .option(
      '--expires <time>',
      'how long it is good for, such as 15m, 1h or 7d (default: 1h with --join, else for ever)',
      parseDuration,
    )
    .option('--labels <labels>', 'with --join: labels that every agent that joins with it gets, such as site=ams')
    .option(
      '--allow-labels <selector>',
      'with --join: labels that an agent may claim for itself (default: any but farhand.io/…)',
    )
    .option('--ephemeral', 'with --join: an agent that lost its data folder may join again under its name')
    .option('--json', 'print one JSON document')
    .action((options: CreateOptions) => createToken(create, context, options));
  addExamples(
    create,
    ['farhand token create --join --uses 5 --expires 1h', 'for five agents (FARHAND_JOIN_TOKEN)'],
    ['farhand token create --role operator --name ci', 'for a program (FARHAND_TOKEN)'],
  );
  const command = new Command('token').description('make, list and revoke tokens for agents and for people');
  addExamples(command, ['farhand token create --join', 'a token with which an agent can join']);
  return command
    .addCommand(addHubOptions(create))
    .addCommand(createTokenListCommand(context))
    .addCommand(createTokenRevokeCommand(context));
}

async function createToken(command: Command, context: Context, options: CreateOptions): Promise<void> {
  const api = accessHub(command, context);
  const created =
    options.join === true
      ? await api.createJoinToken(toJoinRequest(options))
      : await api.createToken(toUserRequest(options));
  if (options.json === true) await printJson(context, created);
  else await context.stdout.line(created.token);
}

function toJoinRequest({
  role,
  name,
  account,
  uses,
  expires,
  labels,
  allowLabels,
  ephemeral,
}: CreateOptions): JoinTokenRequest {
  if (role !== undefined || name !== undefined) {
    throw new Failure(
      exitCodes.usage,
      'expected --join or --role, got both: --role and --name are not for join tokens',
      ['Leave --join out for a token of a person or a program'],
    );
  }
  const parsed = labels === undefined ? undefined : parseLabelsText(labels);
  if (labels !== undefined && parsed === undefined) {
    throw new Failure(
      exitCodes.usage,
      `--labels: expected key=value, separated by commas, such as site=ams,tier=edge; got ${JSON.stringify(labels)}`,
    );
  }
  return { account, uses, expiresInSeconds: expires, labels: parsed, allowedLabels: allowLabels, ephemeral };
}

function toUserRequest({
  role,
  name,
  account,
  uses,
  expires,
  labels,
  allowLabels,
  ephemeral,
}: CreateOptions): TokenRequest {
  if (role === undefined) {
    throw new Failure(
      exitCodes.usage,
      'expected --join (for agents) or --role (for people and programs), got neither',
      [
        'For example: farhand token create --join --uses 1 --expires 1h',
        '         or: farhand token create --role operator',
      ],
    );
  }
  if ([uses, labels, allowLabels, ephemeral].some((option) => option !== undefined)) {
    throw new Failure(exitCodes.usage, '--uses, --labels, --allow-labels and --ephemeral go with --join only', [
      'Leave them out, or give --join in the place of --role',
    ]);
  }
  return { role, name, account, expiresInSeconds: expires };
}
