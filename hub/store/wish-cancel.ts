import { readAttemptsOut } from './attempt-statements.ts';
import { changeAttempt } from './change-attempt.ts';
import { all, type Program } from './program.ts';
import type { JobRow } from './schema.ts';

/** Asks every attempt of the job that got the document, except `exceptId`, to stop. Those that are told already are left alone. */
export function* wishCancel(job: JobRow, exceptId: string | null): Program<void> {
  for (const attempt of yield* all(readAttemptsOut, { jobId: job.id })) {
    if (attempt.id !== exceptId && attempt.desired !== 'cancel') yield* changeAttempt(attempt, { desired: 'cancel' });
  }
}
