import { readAttempt } from '../attempt-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { loseAttempt } from '../lose-attempt.ts';
import { first, type Program } from '../program.ts';

export function* loseAttempts({
  attemptIds,
  retrySafe,
  at,
}: CommandInput<'lose-attempts'>): Program<CommandResult<'lose-attempts'>> {
  const lost: string[] = [];
  for (const [index, id] of attemptIds.entries()) {
    const attempt = yield* first(readAttempt, { id });
    if (attempt === null || attempt.state !== 'running') continue;
    yield* loseAttempt(attempt, {
      retrySafe: retrySafe[index] ?? false,
      message: `nothing was heard of agent ${attempt.agent_name} for too long`,
      actor: 'hub',
      at,
    });
    lost.push(id);
  }
  return { lost };
}
