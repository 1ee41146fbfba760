import type { ListedToken, TokenRecord } from './records.ts';
import type { TokenRow } from './schema.ts';

export function toTokenRecord(row: TokenRow): TokenRecord {
  return { id: row.id, account: row.account, role: row.role, name: row.name, expiresAt: row.expires_at };
}

export function toListedToken(row: TokenRow): ListedToken {
  return { ...toTokenRecord(row), createdAt: row.created_at, revokedAt: row.revoked_at };
}
