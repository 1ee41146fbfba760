import type { FactsChangeRecord, FactsRecord } from './records.ts';
import type { FactsHistoryRow, FactsRow } from './schema.ts';

export const factsColumns = [
  'agent_id',
  'probe',
  'digest',
  'facts',
  'collected_at',
  'changed_at',
  'duration_ms',
  'error',
  'error_at',
  'changes',
  'recorded_at',
] as const satisfies readonly (keyof FactsRow)[];

export const factsHistoryColumns = [
  'agent_id',
  'probe',
  'sequence',
  'digest',
  'facts',
  'bytes',
  'changed',
  'collected_at',
  'recorded_at',
] as const satisfies readonly (keyof FactsHistoryRow)[];

export function toFactsRecord(row: FactsRow): FactsRecord {
  return {
    agentId: row.agent_id,
    probe: row.probe,
    digest: row.digest,
    facts: JSON.parse(row.facts ?? 'null'),
    collectedAt: row.collected_at,
    changedAt: row.changed_at,
    durationMs: row.duration_ms,
    error: row.error === null || row.error_at === null ? null : { message: row.error, at: row.error_at },
  };
}

export function toFactsChangeRecord(row: FactsHistoryRow): FactsChangeRecord {
  return {
    sequence: row.sequence,
    digest: row.digest,
    facts: JSON.parse(row.facts),
    changed: JSON.parse(row.changed),
    collectedAt: row.collected_at,
    recordedAt: row.recorded_at,
  };
}
