import type { CommandInput, CommandResult } from '../command.ts';
import { type Program, run } from '../program.ts';
import { deleteLogRemoval } from '../retention-statements.ts';

export function* forgetLogRemovals({
  attemptIds,
}: CommandInput<'forget-log-removals'>): Program<CommandResult<'forget-log-removals'>> {
  for (const attemptId of attemptIds) yield* run(deleteLogRemoval, { attemptId });
  return null;
}
