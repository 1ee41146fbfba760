import type { JobDocument } from '../../protocol/job-document.ts';
import { continueTrace } from '../../protocol/trace-context.ts';
import { need } from './need.ts';
import type { AttemptRow, JobRow } from './schema.ts';

/** What an attempt that has its number is to do. */
export function toDocument(job: JobRow, attempt: AttemptRow): JobDocument {
  return {
    job: job.id,
    attempt: attempt.id,
    number: need(attempt.number, 'number of an attempt whose document is sent'),
    account: job.account,
    automation: job.automation,
    digest: attempt.digest,
    parameters: JSON.parse(job.parameters),
    secretNames: JSON.parse(job.secret_names),
    timeoutSeconds: job.timeout_seconds,
    traceparent: attempt.traceparent ?? continueTrace(job.traceparent, attempt.id),
    tracestate: job.tracestate,
  };
}
