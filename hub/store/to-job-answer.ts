import type { Have } from '../../protocol/session-frame.ts';
import { toAttemptRecord } from './attempt-row.ts';
import type { OpenAnswer } from './command.ts';
import { readSecrets } from './job-statements.ts';
import { first, type Program } from './program.ts';
import type { AttemptRow, JobRow } from './schema.ts';
import { toDocument } from './to-document.ts';

/** The answer `job` for an attempt whose row of the table was carried out. */
export function* toJobAnswer(
  job: JobRow,
  attempt: AttemptRow,
  row: { readonly desired: 'run' | 'cancel'; readonly document: boolean; readonly have: Have },
): Program<Extract<OpenAnswer, { type: 'job' }>> {
  const needsSecrets = job.secret_names !== '[]' && (row.document || row.have !== 'claimed');
  const secrets = needsSecrets ? ((yield* first(readSecrets, { id: job.id }))?.secrets ?? null) : null;
  return {
    type: 'job',
    attempt: toAttemptRecord(attempt),
    desired: row.desired,
    document: row.document ? toDocument(job, attempt) : null,
    secrets,
    secretsGone: needsSecrets && secrets === null,
  };
}
