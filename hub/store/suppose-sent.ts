import { readAttempt } from './attempt-statements.ts';
import { changeAttempt } from './change-attempt.ts';
import { readJob } from './job-statements.ts';
import { need } from './need.ts';
import { first, type Program } from './program.ts';
import { runJob } from './run-job.ts';

/**
 * What an offer of a copy came to after the copy was made, nobody here knows: only its agent may say. So it counts as one whose document was sent. One
 * that is no offer any more stays as it is.
 */
export function* supposeSent(attemptId: string, at: number): Program<void> {
  const attempt = yield* first(readAttempt, { id: attemptId });
  if (attempt?.state !== 'offered') return;
  const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
  const number = job.numbers + 1;
  const sent = yield* changeAttempt(attempt, { state: 'running', number, document_sent_at: at });
  yield* runJob(job, sent, { number, at, actor: 'hub', why: 'restore' });
}
