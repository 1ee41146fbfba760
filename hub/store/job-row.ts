import type { Started } from '../../protocol/attempt-result.ts';
import type { JobRecord } from './records.ts';
import type { JobRow } from './schema.ts';
import { toStoredLog } from './stored-log.ts';

/** Columns that change with the job's state; the others are set at submission and stay, but for the wiping of secrets. */
export const changingJobColumns = [
  'state',
  'version',
  'retries_used',
  'never_started',
  'offers',
  'numbers',
  'document_attempt_id',
  'document_ordinal',
  'attempt_id',
  'attempt_number',
  'agent_id',
  'agent_name',
  'cancel_requested_at',
  'cause',
  'message',
  'started',
  'retry_safe',
  'exit_code',
  'signal',
  'outputs',
  'log',
  'started_at',
  'finished_at',
  'ended_at',
] as const satisfies readonly (keyof JobRow)[];

export const jobColumns = [
  'id',
  'account',
  'automation',
  'digest',
  'parameters',
  'secret_names',
  'selector',
  'priority',
  'labels',
  'timeout_seconds',
  'expires_at',
  'retry_limit',
  'retry_on',
  'traceparent',
  'tracestate',
  'created_at',
  'secrets_wiped_at',
  ...changingJobColumns,
] as const satisfies readonly (keyof JobRow)[];

const startedTexts = { true: true, false: false, unknown: 'unknown' } as const;

export function fromStarted(started: Started): NonNullable<JobRow['started']> {
  return started === 'unknown' ? 'unknown' : started ? 'true' : 'false';
}

export function toJobRecord(row: JobRow): JobRecord {
  return {
    id: row.id,
    account: row.account,
    automation: row.automation,
    digest: row.digest,
    parameters: JSON.parse(row.parameters),
    secretNames: JSON.parse(row.secret_names),
    selector: row.selector,
    priority: row.priority,
    labels: JSON.parse(row.labels),
    timeoutSeconds: row.timeout_seconds,
    expiresAt: row.expires_at,
    retry: { limit: row.retry_limit, on: JSON.parse(row.retry_on) },
    retriesUsed: row.retries_used,
    traceparent: row.traceparent,
    tracestate: row.tracestate,
    state: row.state,
    version: row.version,
    attemptId: row.attempt_id,
    attemptNumber: row.attempt_number,
    agentId: row.agent_id,
    agentName: row.agent_name,
    cancelRequestedAt: row.cancel_requested_at,
    cause: row.cause,
    message: row.message,
    started: row.started === null ? null : startedTexts[row.started],
    retrySafe: row.retry_safe === null ? null : row.retry_safe === 1,
    exitCode: row.exit_code,
    signal: row.signal,
    outputs: row.outputs === null ? null : JSON.parse(row.outputs),
    log: toStoredLog(row.log),
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
