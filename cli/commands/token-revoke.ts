import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';

interface RevokeOptions {
  readonly join?: true;
  readonly account?: string;
}

export function createTokenRevokeCommand(context: Context): Command {
  const command = new Command('revoke')
    .description('make a token worth nothing, at once')
    .argument('<token-id>', 'its id (`farhand token list`)')
    .option('--join', 'it is one with which agents join; those that did stay')
    .option('--account <name>', 'of this account (default: your own)')
    .action(async (id: string, { join, account }: RevokeOptions) => {
      const api = accessHub(command, context);
      if (join === true) await api.revokeJoinToken(id, { account });
      else await api.revokeToken(id, { account });
      await context.stdout.line(`token ${id} is revoked`);
    });
  addExamples(command, ['farhand token revoke ID', 'whoever has it is out at once']);
  return addHubOptions(command);
}
