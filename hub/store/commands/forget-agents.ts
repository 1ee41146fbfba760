import { readAgent, readForgottenAgents } from '../agent-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { need } from '../need.ts';
import { all, first, type Program } from '../program.ts';
import { removeAgentRows } from '../remove-agent-rows.ts';

/** What one command removes at most, so that no commit takes long. */
const limit = 50;

/** Those that were revoked, or that nobody heard of, since `before`, and of which no attempt is open. */
export function* forgetAgents({ before, at }: CommandInput<'forget-agents'>): Program<CommandResult<'forget-agents'>> {
  const agents = yield* all(readForgottenAgents, { before, limit });
  for (const { id } of agents)
    yield* removeAgentRows(need(yield* first(readAgent, { id }), 'agent'), { actor: 'hub', at });
  return { agents: agents.length };
}
