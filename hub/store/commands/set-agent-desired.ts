import { toDesired } from '../agent-row.ts';
import { readAgentByName, updateAgent } from '../agent-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run, tell } from '../program.ts';
import { readAgentRecord } from '../read-agent-record.ts';
import { writeAudit } from '../write-audit.ts';

export function* setAgentDesired({
  account,
  name,
  desired,
  ifVersion = null,
  actor,
  at,
}: CommandInput<'set-agent-desired'>): Program<CommandResult<'set-agent-desired'>> {
  const before = yield* first(readAgentByName, { account, name });
  if (before === null) return { type: 'not-found' };
  if (ifVersion !== null && ifVersion !== before.desired_version) {
    return { type: 'stale', agent: yield* readAgentRecord(before) };
  }
  const { replaceKey, ...earlier } = toDesired(before);
  const agent = {
    ...before,
    desired: JSON.stringify({ ...desired, replaceKey }),
    desired_version: before.desired_version + 1,
  };
  yield* run(updateAgent, agent);
  yield* writeAudit({
    at,
    account,
    actor,
    action: 'agent.desired-changed',
    object: `agent:${agent.id}`,
    data: { name, ...desired, before: earlier, after: { ...desired } },
  });
  yield* tell({ type: 'agent', agentId: agent.id });
  return { type: 'set', agent: yield* readAgentRecord(agent) };
}
