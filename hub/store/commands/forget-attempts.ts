import type { CommandInput, CommandResult } from '../command.ts';
import { all, type Program, run } from '../program.ts';
import { deleteRemovedAttempt, readForgettableAttempts } from '../retention-statements.ts';

/** What one command forgets at most, so that no commit takes long. */
const limit = 500;

export function* forgetAttempts({
  before,
}: CommandInput<'forget-attempts'>): Program<CommandResult<'forget-attempts'>> {
  const attempts = yield* all(readForgettableAttempts, { before, limit });
  for (const { id } of attempts) yield* run(deleteRemovedAttempt, { id });
  return { attempts: attempts.length };
}
