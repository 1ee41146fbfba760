import type { CommandInput } from '../command.ts';
import { type Program, run } from '../program.ts';
import type { JoinTokenRecord } from '../records.ts';
import { insertJoinToken } from '../token-statements.ts';
import { writeAudit } from '../write-audit.ts';

export function* createJoinToken({
  token,
  hash,
  actor,
  at,
}: CommandInput<'create-join-token'>): Program<JoinTokenRecord> {
  const { id, account, usesLeft, expiresAt, labels, ephemeral } = token;
  yield* run(insertJoinToken, {
    id,
    hash,
    account,
    uses_left: usesLeft,
    expires_at: expiresAt,
    allowed_labels: JSON.stringify(token.allowedLabels),
    labels: JSON.stringify(labels),
    ephemeral: ephemeral ? 1 : 0,
    created_at: at,
  });
  yield* writeAudit({
    at,
    account,
    actor,
    action: 'join-token.created',
    object: `join-token:${id}`,
    data: { uses: usesLeft, expiresAt, labels, ephemeral },
  });
  return token;
}
