import { toAgentRecord } from './agent-row.ts';
import { readReportAndLease } from './agent-statements.ts';
import { first, type Program } from './program.ts';
import type { AgentRecord } from './records.ts';
import type { AgentRow } from './schema.ts';

/** The agent with its newest report and its lease. */
export function* readAgentRecord(agent: AgentRow): Program<AgentRecord> {
  const more = yield* first(readReportAndLease, { id: agent.id });
  return toAgentRecord({ ...agent, ...more });
}
