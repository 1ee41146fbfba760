import { changeJob } from '../change-job.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { giveUpJob, readDocumentAttempt } from '../give-up-job.ts';
import { applyCancel } from '../give-up-rule.ts';
import { toJobRecord } from '../job-row.ts';
import { readJobOfAccount } from '../job-statements.ts';
import { first, type Program } from '../program.ts';
import { wishCancel } from '../wish-cancel.ts';

export function* cancelJob({
  account,
  jobId,
  actor,
  at,
}: CommandInput<'cancel-job'>): Program<CommandResult<'cancel-job'>> {
  const job = yield* first(readJobOfAccount, { id: jobId, account });
  if (job === null) return { type: 'not-found' };
  const attempt = yield* readDocumentAttempt(job);
  const step = applyCancel({ state: job.state, cause: job.cause, lostMayReturn: attempt?.state === 'agent-lost' });

  switch (step.type) {
    case 'ended':
      return { type: 'ended', job: toJobRecord(job) };
    case 'wish': {
      if (job.cancel_requested_at !== null) return { type: 'requested', job: toJobRecord(job) };
      const after = yield* changeJob(job, { cancel_requested_at: at }, { at, actor, action: 'job.cancel-requested' });
      yield* wishCancel(after, null);
      return { type: 'requested', job: toJobRecord(after) };
    }
    case 'end': {
      const after = yield* giveUpJob(job, {
        step,
        attempt,
        change: { cancel_requested_at: at },
        message:
          step.state === 'lost'
            ? 'cancelled while an earlier attempt may still come back; it will be stopped then'
            : 'cancelled before it was given to an agent',
        actor,
        at,
      });
      yield* wishCancel(after, null);
      return { type: step.state === 'lost' ? 'requested' : 'cancelled', job: toJobRecord(after) };
    }
  }
}
