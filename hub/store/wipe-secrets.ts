import { isFinal } from '../../protocol/job-state.ts';
import { wipeSecretsOfSettled } from './job-statements.ts';
import { type Program, run } from './program.ts';
import type { JobRow } from './schema.ts';

/** Wipes the ciphertext once the job is over and every attempt that got the document has a stored result or is `state-lost`. */
export function* wipeSecretsWhenOver(job: JobRow, at: number): Program<void> {
  if (isFinal(job.state) && job.secrets_wiped_at === null) yield* run(wipeSecretsOfSettled, { id: job.id, at });
}
