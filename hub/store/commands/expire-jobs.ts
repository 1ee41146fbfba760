import type { CommandInput, CommandResult } from '../command.ts';
import { giveUpJob, readDocumentAttempt } from '../give-up-job.ts';
import { applyExpiry } from '../give-up-rule.ts';
import { readExpiredJobs } from '../job-statements.ts';
import { all, type Program } from '../program.ts';

/** What one command ends at most, so that no commit takes long. */
const limit = 500;

export function* expireJobs({ at }: CommandInput<'expire-jobs'>): Program<CommandResult<'expire-jobs'>> {
  const jobIds: string[] = [];
  for (const job of yield* all(readExpiredJobs, { at, limit })) {
    const attempt = yield* readDocumentAttempt(job);
    const lostMayReturn = attempt?.state === 'agent-lost';
    const step = applyExpiry({ state: job.state, cause: job.cause, lostMayReturn });
    if (step.type !== 'end') continue;
    yield* giveUpJob(job, {
      step,
      attempt,
      change: {},
      message: lostMayReturn
        ? 'the time to start it again is over; an earlier attempt may still come back'
        : 'no agent took it in the time allowed',
      actor: 'hub',
      at,
    });
    jobIds.push(job.id);
  }
  return { jobIds };
}
