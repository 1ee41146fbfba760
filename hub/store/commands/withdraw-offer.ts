import type { Actor } from '../actor.ts';
import { readAttempt } from '../attempt-statements.ts';
import { changeJob } from '../change-job.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { toJobRecord } from '../job-row.ts';
import { readJob } from '../job-statements.ts';
import { loseFolder } from '../lose-folder.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import type { AttemptRow, JobRow } from '../schema.ts';
import { withdrawAttempt } from '../withdraw-attempt.ts';

/** `offered → queued`. */
export function* returnOffer(
  job: JobRow,
  attempt: AttemptRow,
  event: { readonly why: string; readonly message: string | null; readonly actor: Actor; readonly at: number },
): Program<JobRow> {
  const { why, message, actor, at } = event;
  const shown = yield* withdrawAttempt(job, attempt, at);
  return yield* changeJob(
    job,
    { ...shown, state: 'queued' },
    { at, actor, action: 'job.queued', data: { why, message, attempt: attempt.id, agent: attempt.agent_name } },
  );
}

export function* withdrawOffer({
  attemptId,
  why,
  message,
  at,
}: CommandInput<'withdraw-offer'>): Program<CommandResult<'withdraw-offer'>> {
  const attempt = yield* first(readAttempt, { id: attemptId });
  if (attempt === null) return { type: 'unknown' };
  const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
  if (attempt.state === 'withdrawn') return { type: 'withdrawn', job: toJobRecord(job) };
  if (why === 'state-lost') {
    yield* loseFolder(job, attempt, {
      at,
      actor: 'hub',
      message: message ?? "the agent no longer has this attempt's folder",
    });
    return { type: 'too-late' };
  }
  if (attempt.state !== 'offered') return { type: 'too-late' };
  return { type: 'withdrawn', job: toJobRecord(yield* returnOffer(job, attempt, { why, message, actor: 'hub', at })) };
}
