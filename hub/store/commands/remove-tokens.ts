import type { CommandInput, CommandResult } from '../command.ts';
import { all, type Program, run } from '../program.ts';
import { deleteToken, readOverTokens } from '../token-statements.ts';
import { writeAudit } from '../write-audit.ts';

/** What one command removes at most, so that no commit takes long. */
const limit = 100;

/** Those that were revoked or expired before `before`. One that a configuration may still hold stays: forgotten, it would be let in anew. */
export function* removeTokens({ before, at }: CommandInput<'remove-tokens'>): Program<CommandResult<'remove-tokens'>> {
  const tokens = yield* all(readOverTokens, { before, limit });
  for (const { id, account, name } of tokens) {
    yield* run(deleteToken, { id });
    yield* writeAudit({ at, account, actor: 'hub', action: 'token.removed', object: `token:${id}`, data: { name } });
  }
  return { tokens: tokens.length };
}
