import { readTicketsOut } from './attempt-statements.ts';
import { changeAttempt } from './change-attempt.ts';
import { all, type Program } from './program.ts';

/**
 * What came of a ticket after a copy was made, nobody here knows: a runner may have come. So none is let in any more that has no document, and an agent that takes
 * such an attempt back is not told that none came. `agentId` null: of all agents.
 */
export function* forgetTickets(agentId: string | null): Program<void> {
  for (const attempt of yield* all(readTicketsOut, {}))
    if (agentId === null || attempt.agent_id === agentId) yield* changeAttempt(attempt, { handover: null });
}
