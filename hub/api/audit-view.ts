import type { AuditEvent } from '../../protocol/audit.ts';
import type { AuditRecord } from '../store/records.ts';
import type { EventPlaces } from './event-places.ts';
import { toTimestamp } from './timestamp.ts';

/** A line of the audit as the API shows it. */
export function toAuditEvent({ sequence, at, ...record }: AuditRecord, places: EventPlaces): AuditEvent {
  return { id: places.toId(record.account, sequence), at: toTimestamp(at), ...record };
}
