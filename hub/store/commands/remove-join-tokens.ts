import type { CommandInput, CommandResult } from '../command.ts';
import { all, type Program, run } from '../program.ts';
import { deleteJoinToken, readOverJoinTokens } from '../token-statements.ts';
import { writeAudit } from '../write-audit.ts';

/** What one command removes at most, so that no commit takes long. */
const limit = 100;

/** Those that nobody can join with any more. An agent whose first answer was lost had until `before` to ask for it again. */
export function* removeJoinTokens({
  before,
  at,
}: CommandInput<'remove-join-tokens'>): Program<CommandResult<'remove-join-tokens'>> {
  const tokens = yield* all(readOverJoinTokens, { before, limit });
  for (const { id, account } of tokens) {
    yield* run(deleteJoinToken, { id, account });
    yield* writeAudit({
      at,
      account,
      actor: 'hub',
      action: 'join-token.removed',
      object: `join-token:${id}`,
      data: {},
    });
  }
  return { tokens: tokens.length };
}
