import type { OpenedJob } from './answer-open.ts';
import type { JobRow } from './schema.ts';

/** What the answers to an `open` depend on. */
export function toOpenedJob(job: JobRow): OpenedJob {
  return {
    state: job.state,
    cancelRequested: job.cancel_requested_at !== null,
    newestOrdinal: job.offers,
    documentOrdinal: job.document_ordinal,
    wiped: job.secrets_wiped_at !== null,
  };
}
