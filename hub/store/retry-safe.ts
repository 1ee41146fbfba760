import type { AgentReport } from '../../protocol/agent-report.ts';
import { first, type Program } from './program.ts';
import type { AttemptRow } from './schema.ts';
import { statement } from './statement.ts';

const readReport = statement((db, { agentId }: { agentId: string }) =>
  db.selectFrom('agent_reports').select('report').where('agent_id', '=', agentId),
);

/** What the agent's newest report says of the attempt's automation; false when it no longer offers that form of it. */
export function* readRetrySafe(attempt: AttemptRow): Program<boolean> {
  const row = yield* first(readReport, { agentId: attempt.agent_id });
  if (row === null) return false;
  const report: AgentReport = JSON.parse(row.report);
  const forms = report.automations.filter(({ name }) => name === attempt.automation);
  const offered = attempt.digest === null ? forms : forms.filter(({ digest }) => digest === attempt.digest);
  return offered.length > 0 && offered.every(({ retrySafe }) => retrySafe);
}
