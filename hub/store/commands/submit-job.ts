import type { CommandInput, CommandResult } from '../command.ts';
import { findSubmission } from '../find-submission.ts';
import { toJobRecord } from '../job-row.ts';
import { insertJob, insertJobLabel } from '../job-statements.ts';
import { type Program, run, tell } from '../program.ts';
import type { IdempotencyRow, JobRow } from '../schema.ts';
import { columnsOf, statement } from '../statement.ts';
import { writeAudit } from '../write-audit.ts';

const insertKey = statement((db, row: IdempotencyRow) =>
  db.insertInto('idempotency').values(columnsOf(row, ['account', 'key', 'request_digest', 'job_id', 'created_at'])),
);

export function* submitJob({
  job,
  actor,
  idempotency,
  at,
}: CommandInput<'submit-job'>): Program<CommandResult<'submit-job'>> {
  const { id, account } = job;
  if (idempotency !== null) {
    const earlier = yield* findSubmission(account, idempotency);
    if (earlier !== null) return earlier;
  }

  const row: JobRow = {
    id,
    account,
    automation: job.automation,
    digest: job.digest,
    parameters: JSON.stringify(job.parameters),
    secret_names: JSON.stringify(job.secretNames),
    selector: job.selector,
    priority: job.priority,
    labels: JSON.stringify(job.labels),
    timeout_seconds: job.timeoutSeconds,
    expires_at: job.expiresAt,
    retry_limit: job.retry.limit,
    retry_on: JSON.stringify(job.retry.on),
    traceparent: job.traceparent,
    tracestate: job.tracestate,
    created_at: at,
    state: 'queued',
    version: 1,
    retries_used: 0,
    never_started: 0,
    offers: 0,
    numbers: 0,
    document_attempt_id: null,
    document_ordinal: 0,
    attempt_id: null,
    attempt_number: null,
    agent_id: null,
    agent_name: null,
    cancel_requested_at: null,
    cause: null,
    message: null,
    started: null,
    retry_safe: null,
    exit_code: null,
    signal: null,
    outputs: null,
    log: null,
    started_at: null,
    finished_at: null,
    ended_at: null,
    secrets_wiped_at: null,
  };
  yield* run(insertJob, { ...row, secrets: job.secrets });
  for (const [key, value] of Object.entries(job.labels)) {
    yield* run(insertJobLabel, { account, key, value, job_id: id });
  }
  if (idempotency !== null) {
    const { key, requestDigest } = idempotency;
    yield* run(insertKey, { account, key, request_digest: requestDigest, job_id: id, created_at: at });
  }
  yield* writeAudit({
    at,
    account,
    actor,
    action: 'job.queued',
    object: `job:${id}`,
    data: { state: 'queued', version: 1, automation: job.automation },
  });
  const record = toJobRecord(row);
  yield* tell({ type: 'job', job: record });
  return { type: 'created', job: record };
}
