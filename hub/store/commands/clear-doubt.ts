import type { CommandInput, CommandResult } from '../command.ts';
import { type Program, run, tell } from '../program.ts';
import { deleteAhead } from '../start-statements.ts';

export function* clearDoubt({ agentId }: CommandInput<'clear-doubt'>): Program<CommandResult<'clear-doubt'>> {
  if ((yield* run(deleteAhead, { agentId })) > 0) yield* tell({ type: 'agent', agentId });
  return null;
}
