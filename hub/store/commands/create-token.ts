import type { CommandInput } from '../command.ts';
import { type Program, run } from '../program.ts';
import type { TokenRecord } from '../records.ts';
import type { TokenRow } from '../schema.ts';
import { toTokenRecord } from '../token-row.ts';
import { insertToken } from '../token-statements.ts';
import { writeAudit } from '../write-audit.ts';

export function* createToken({
  id,
  hash,
  account,
  role,
  name,
  expiresAt,
  actor,
  at,
}: CommandInput<'create-token'>): Program<TokenRecord> {
  const row: TokenRow = { id, hash, account, role, name, expires_at: expiresAt, created_at: at, revoked_at: null };
  yield* run(insertToken, row);
  yield* writeAudit({
    at,
    account,
    actor,
    action: 'token.created',
    object: `token:${id}`,
    data: { role, name, expiresAt },
  });
  return toTokenRecord(row);
}
