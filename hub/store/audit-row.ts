import type { AuditRecord } from './records.ts';
import type { AuditRow } from './schema.ts';

export function toAuditRecord(row: AuditRow): AuditRecord {
  return { ...row, data: JSON.parse(row.data) };
}
