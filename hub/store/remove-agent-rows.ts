import type { Actor } from './actor.ts';
import {
  deleteAgent,
  deleteAgentFacts,
  deleteAgentFactsHistory,
  deleteAgentLease,
  deleteAgentReport,
} from './agent-statements.ts';
import { type Program, run, tell } from './program.ts';
import type { AgentRow } from './schema.ts';
import { deleteAhead } from './start-statements.ts';
import { writeAudit } from './write-audit.ts';

/** The agent goes, with its report, its lease and its facts. Its jobs keep its name, and the audit what was done. It must have no open attempt. */
export function* removeAgentRows(
  { id, account, name }: AgentRow,
  { actor, at }: { readonly actor: Actor; readonly at: number },
): Program<void> {
  for (const statement of [deleteAgentReport, deleteAgentLease, deleteAgentFacts, deleteAgentFactsHistory, deleteAhead])
    yield* run(statement, { agentId: id });
  yield* run(deleteAgent, { id });
  yield* writeAudit({ at, account, actor, action: 'agent.removed', object: `agent:${id}`, data: { name } });
  yield* tell({ type: 'agent', agentId: id });
}
