import { readAgent, readAgentByName, readLease } from '../agent-statements.ts';
import { readOpenAttempts } from '../attempt-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { all, first, type Program } from '../program.ts';
import { removeAgentRows } from '../remove-agent-rows.ts';

/** By name one that stands; by id one that was revoked, too. */
export function* removeAgent({
  account,
  nameOrId,
  actor,
  at,
}: CommandInput<'remove-agent'>): Program<CommandResult<'remove-agent'>> {
  const agent =
    (yield* first(readAgentByName, { account, name: nameOrId })) ?? (yield* first(readAgent, { id: nameOrId }));
  if (agent === null || agent.account !== account) return { type: 'not-found' };
  const lease = yield* first(readLease, { agentId: agent.id });
  if (lease !== null && lease.owner !== null && lease.expires_at > at) return { type: 'online' };
  const attempts = yield* all(readOpenAttempts, { agentId: agent.id });
  // What was lost comes back with its agent, and one that was revoked does not.
  const open = attempts.filter(({ state }) => agent.revoked_at === null || state !== 'agent-lost').length;
  if (open > 0) return { type: 'has-jobs', jobs: open };
  yield* removeAgentRows(agent, { actor, at });
  return { type: 'removed' };
}
