import type { CommandInput, CommandResult } from '../command.ts';
import { giveUpJob, readDocumentAttempt } from '../give-up-job.ts';
import { applyCancel } from '../give-up-rule.ts';
import { readJob } from '../job-statements.ts';
import { first, type Program } from '../program.ts';
import { wishCancel } from '../wish-cancel.ts';

export function* cancelCopied({ jobIds, at }: CommandInput<'cancel-copied'>): Program<CommandResult<'cancel-copied'>> {
  for (const id of jobIds) {
    const job = yield* first(readJob, { id });
    if (job?.state !== 'queued') continue;
    const attempt = yield* readDocumentAttempt(job);
    const step = applyCancel({ state: job.state, cause: job.cause, lostMayReturn: attempt?.state === 'agent-lost' });
    if (step.type !== 'end') continue;
    const after = yield* giveUpJob(job, {
      step,
      attempt,
      change: { cancel_requested_at: at },
      message:
        'it waited when the copy was made that this hub was restored from; nobody here knows whether it ran since',
      started: 'unknown',
      actor: 'hub',
      at,
    });
    yield* wishCancel(after, null);
  }
  return null;
}
