import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run } from '../program.ts';
import { readToken, revokeTokenRow } from '../token-statements.ts';
import { writeAudit } from '../write-audit.ts';

export function* revokeToken({
  id,
  account,
  actor,
  at,
}: CommandInput<'revoke-token'>): Program<CommandResult<'revoke-token'>> {
  const token = yield* first(readToken, { id, account });
  if (token === null || token.revoked_at !== null) return { type: 'not-found' };
  yield* run(revokeTokenRow, { id, at });
  yield* writeAudit({
    at,
    account,
    actor,
    action: 'token.revoked',
    object: `token:${id}`,
    data: { name: token.name },
  });
  return { type: 'revoked' };
}
