import type { AgentReport } from '../../protocol/agent-report.ts';
import { first, type Program } from './program.ts';
import { isRetrySafe } from './retry-rule.ts';
import type { AttemptRow } from './schema.ts';
import { statement } from './statement.ts';

const readReport = statement((db, { agentId }: { agentId: string }) =>
  db.selectFrom('agent_reports').select('report').where('agent_id', '=', agentId),
);

/** By the agent's newest report. */
export function* readRetrySafe(attempt: AttemptRow): Program<boolean> {
  const row = yield* first(readReport, { agentId: attempt.agent_id });
  const report: AgentReport | null = row === null ? null : JSON.parse(row.report);
  const offered = report?.automations.find(({ name }) => name === attempt.automation);
  return isRetrySafe({ digest: attempt.digest, retrySafe: attempt.retry_safe === 1 }, offered);
}
