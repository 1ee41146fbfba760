import { readAgent } from '../agent-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { forgetTickets } from '../forget-tickets.ts';
import { first, type Program, run, tell } from '../program.ts';
import { readAhead, readGivenUp, upsertAhead } from '../start-statements.ts';
import { supposeSent } from '../suppose-sent.ts';
import { writeAudit } from '../write-audit.ts';

/** An agent that says the same again changes nothing but what is offered. */
export function* doubtStore({
  agentId,
  startId,
  commits,
  offered,
  at,
}: CommandInput<'doubt-store'>): Program<CommandResult<'doubt-store'>> {
  for (const id of offered) yield* supposeSent(id, at);
  const agent = yield* first(readAgent, { id: agentId });
  const known = yield* first(readAhead, { agentId });
  const holds = (yield* first(readGivenUp, { startId })) === null;
  if (agent === null || (known?.start_id === startId && known.commits === commits)) return { holds };
  yield* forgetTickets(agentId);
  yield* run(upsertAhead, { agent_id: agentId, start_id: startId, commits, told_at: at });
  yield* writeAudit({
    at,
    account: agent.account,
    actor: `agent:${agentId}`,
    action: 'hub.store-doubted',
    object: `agent:${agentId}`,
    data: { agent: agent.name, start: startId, commits },
  });
  yield* tell({ type: 'agent', agentId });
  return { holds };
}
