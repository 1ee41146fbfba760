import { readAttempt } from './attempt-statements.ts';
import { changeAttempt } from './change-attempt.ts';
import type { JobChange } from './change-job.ts';
import { first, type Program } from './program.ts';
import type { AttemptRow, JobRow } from './schema.ts';

/** Which attempt the job shows. */
export function shownAttempt(attempt: AttemptRow | null): JobChange {
  return {
    attempt_id: attempt?.id ?? null,
    attempt_number: attempt?.number ?? null,
    agent_id: attempt?.agent_id ?? null,
    agent_name: attempt?.agent_name ?? null,
  };
}

/** Withdraws an offer whose document was not sent; answers what the job shows from then on. */
export function* withdrawAttempt(job: JobRow, attempt: AttemptRow, at: number): Program<JobChange> {
  yield* changeAttempt(attempt, { state: 'withdrawn', ended_at: at });
  const { document_attempt_id: earlier } = job;
  return shownAttempt(earlier === null ? null : yield* first(readAttempt, { id: earlier }));
}

/** Withdraws the attempt that stands offered, if there is one. */
export function* withdrawOffered(job: JobRow, at: number): Program<JobChange> {
  if (job.state !== 'offered' || job.attempt_id === null) return {};
  const attempt = yield* first(readAttempt, { id: job.attempt_id });
  return attempt === null || attempt.state !== 'offered' ? {} : yield* withdrawAttempt(job, attempt, at);
}
