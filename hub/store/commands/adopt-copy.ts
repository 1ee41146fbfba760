import { defaultAccount } from '../../account.ts';
import { readAttempt } from '../attempt-statements.ts';
import { changeAttempt } from '../change-attempt.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { readJob } from '../job-statements.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import { runJob } from '../run-job.ts';
import type { AttemptRow } from '../schema.ts';
import { writeAudit } from '../write-audit.ts';

/** What an offer came to after the copy was made, nobody here knows: only its agent may say. So it counts as one whose document was sent. */
function* supposeSent(attempt: AttemptRow, at: number): Program<void> {
  const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
  const number = job.numbers + 1;
  const sent = yield* changeAttempt(attempt, { state: 'running', number, document_sent_at: at });
  yield* runJob(job, sent, { number, at, actor: 'hub', why: 'restore' });
}

export function* adoptCopy({ offered, madeAt, at }: CommandInput<'adopt-copy'>): Program<CommandResult<'adopt-copy'>> {
  for (const id of offered) {
    const attempt = yield* first(readAttempt, { id });
    if (attempt?.state === 'offered') yield* supposeSent(attempt, at);
  }
  yield* writeAudit({
    at,
    account: defaultAccount,
    actor: 'hub',
    action: 'hub.restored',
    object: `account:${defaultAccount}`,
    data: { madeAt, offered: offered.length },
  });
  return null;
}
