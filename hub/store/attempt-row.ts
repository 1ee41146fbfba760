import { isOpen } from './is-open.ts';
import type { AttemptRecord, AttemptState, Handover } from './records.ts';
import type { AttemptRow } from './schema.ts';
import { toStoredLog } from './stored-log.ts';

/** Columns that change with the attempt's life; the others are set by its offer and stay. */
export const changingAttemptColumns = [
  'version',
  'state',
  'open',
  'number',
  'desired',
  'spec_version',
  'folder_id',
  'document_sent_at',
  'session_lease_epoch',
  'session_opens',
  'handover',
  'runner_folder_id',
  'runner_starts',
  'runner_opens',
  'started_at',
  'ended_at',
  'result',
  'log',
  'log_bytes',
] as const satisfies readonly (keyof AttemptRow)[];

export const attemptColumns = [
  'id',
  'job_id',
  'account',
  'agent_id',
  'agent_name',
  'automation',
  'digest',
  'ordinal',
  'lease_epoch',
  'offered_at',
  'retry_safe',
  'traceparent',
  ...changingAttemptColumns,
] as const satisfies readonly (keyof AttemptRow)[];

/** What `open` holds for a state. */
export function openOf(state: AttemptState): number | null {
  return isOpen(state) ? 1 : null;
}

export function toAttemptRecord(row: AttemptRow): AttemptRecord {
  return {
    id: row.id,
    jobId: row.job_id,
    account: row.account,
    agentId: row.agent_id,
    agentName: row.agent_name,
    automation: row.automation,
    digest: row.digest,
    state: row.state,
    number: row.number,
    leaseEpoch: row.lease_epoch,
    desired: row.desired,
    specVersion: row.spec_version,
    folderId: row.folder_id,
    documentSentAt: row.document_sent_at,
    sessionEpoch:
      row.session_lease_epoch === null || row.session_opens === null
        ? null
        : { leaseEpoch: row.session_lease_epoch, opens: row.session_opens },
    handover: toHandover(row),
    offeredAt: row.offered_at,
    retrySafe: row.retry_safe === 1,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    result: row.result === null ? null : JSON.parse(row.result),
    log: toStoredLog(row.log),
    traceparent: row.traceparent,
  };
}

function toHandover(row: AttemptRow): Handover | null {
  const { handover: state, runner_folder_id: folderId, runner_starts: starts, runner_opens: opens } = row;
  if (state === null) return null;
  const runner = folderId === null ? null : { folderId, session: { leaseEpoch: starts ?? 0, opens: opens ?? 0 } };
  return { state, runner };
}
