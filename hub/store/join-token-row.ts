import type { JoinTokenRecord } from './records.ts';
import type { JoinTokenRow } from './schema.ts';

export function toJoinTokenRecord(row: JoinTokenRow): JoinTokenRecord {
  return {
    id: row.id,
    account: row.account,
    usesLeft: row.uses_left,
    expiresAt: row.expires_at,
    allowedLabels: JSON.parse(row.allowed_labels),
    labels: JSON.parse(row.labels),
    ephemeral: row.ephemeral === 1,
  };
}
