import { readAttempt } from '../attempt-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { readJob } from '../job-statements.ts';
import { need } from '../need.ts';
import { first, type Program } from '../program.ts';
import { removeLog } from '../remove-log.ts';

export function* missLogs({ attemptIds, at }: CommandInput<'miss-logs'>): Program<CommandResult<'miss-logs'>> {
  for (const id of attemptIds) {
    const attempt = yield* first(readAttempt, { id });
    if (attempt === null) continue;
    yield* removeLog(need(yield* first(readJob, { id: attempt.job_id }), 'job'), attempt, at);
  }
  return null;
}
