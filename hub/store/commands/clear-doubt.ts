import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run, tell } from '../program.ts';
import { deleteAhead, readAhead } from '../start-statements.ts';

export function* clearDoubt({ agentId }: CommandInput<'clear-doubt'>): Program<CommandResult<'clear-doubt'>> {
  if ((yield* first(readAhead, { agentId })) === null) return null;
  yield* run(deleteAhead, { agentId });
  yield* tell({ type: 'agent', agentId });
  return null;
}
