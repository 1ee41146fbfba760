import type { AuditRecord } from './records.ts';
import type { AuditRow } from './schema.ts';

export const auditColumns = [
  'sequence',
  'at',
  'account',
  'actor',
  'action',
  'object',
  'data',
  'request_id',
  'remote',
] as const satisfies readonly (keyof AuditRow)[];

export function toAuditRecord({ request_id: requestId, data, ...row }: AuditRow): AuditRecord {
  return { ...row, data: JSON.parse(data), requestId };
}
