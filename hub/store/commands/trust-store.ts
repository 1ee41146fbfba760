import { defaultAccount } from '../../account.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { all, type Program, run, tell } from '../program.ts';
import { giveUpStart, readAgentsAhead, readLostStarts } from '../start-statements.ts';
import { writeAudit } from '../write-audit.ts';

/** Whoever tells later of a start that was given up here holds up nobody; one who tells of another does. */
export function* trustStore({ actor, at }: CommandInput<'trust-store'>): Program<CommandResult<'trust-store'>> {
  const ahead = yield* all(readAgentsAhead, {});
  if (ahead.length === 0) return { agents: [] };
  for (const { agent_id: agentId, start_id } of yield* all(readLostStarts, {})) {
    yield* run(giveUpStart, { start_id, given_up_at: at });
    yield* tell({ type: 'agent', agentId });
  }
  yield* writeAudit({
    at,
    account: defaultAccount,
    actor,
    action: 'hub.store-trusted',
    object: `account:${defaultAccount}`,
    data: { agents: ahead.map(({ name }) => name) },
  });
  return { agents: ahead.map(({ name }) => name) };
}
