import type { AgentDesired } from '../../protocol/agent-report.ts';
import type { Actor } from './actor.ts';
import { toDesired } from './agent-row.ts';
import { updateAgent } from './agent-statements.ts';
import { type Program, run, tell } from './program.ts';
import type { AgentRow } from './schema.ts';
import { writeAudit } from './write-audit.ts';

/** `replaceKey`: what is wished of the agent from then on. */
export function* changeAgentKey(
  agent: AgentRow,
  keys: Partial<AgentRow>,
  replaceKey: AgentDesired['replaceKey'],
): Program<AgentRow> {
  const desired = JSON.stringify({ ...toDesired(agent), replaceKey });
  const changed = { ...agent, ...keys, desired, desired_version: agent.desired_version + 1 };
  yield* run(updateAgent, changed);
  return changed;
}

export function* tellOfAgentKey(
  { id, account, name }: AgentRow,
  event: { readonly actor: Actor; readonly action: string; readonly data: object; readonly at: number },
): Program<void> {
  yield* writeAudit({ ...event, account, object: `agent:${id}`, data: { name, ...event.data } });
  yield* tell({ type: 'agent', agentId: id });
}
