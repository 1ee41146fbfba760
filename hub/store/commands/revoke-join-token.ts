import type { CommandInput, CommandResult } from '../command.ts';
import { type Program, run } from '../program.ts';
import { deleteJoinToken } from '../token-statements.ts';
import { writeAudit } from '../write-audit.ts';

/** The row goes: a join token that is not there and one that was revoked are the same to whoever shows it. */
export function* revokeJoinToken({
  id,
  account,
  actor,
  at,
}: CommandInput<'revoke-join-token'>): Program<CommandResult<'revoke-join-token'>> {
  if ((yield* run(deleteJoinToken, { id, account })) === 0) return { type: 'not-found' };
  yield* writeAudit({ at, account, actor, action: 'join-token.revoked', object: `join-token:${id}`, data: {} });
  return { type: 'revoked' };
}
