import { readAgent, touchLease, updateAgent, upsertReport } from '../agent-statements.ts';
import { effectiveLabels } from '../allowed-labels.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run, tell } from '../program.ts';
import { readAgentRecord } from '../read-agent-record.ts';
import { writeAudit } from '../write-audit.ts';

/** Labels that the agent's join token does not allow are dropped, and the token's own are added. */
export function* recordAgentReport({
  agentId,
  labels: claimed,
  report,
  at,
}: CommandInput<'record-agent-report'>): Program<CommandResult<'record-agent-report'>> {
  const before = yield* first(readAgent, { id: agentId });
  if (before === null || before.revoked_at !== null) return null;
  const labels =
    claimed === null
      ? before.labels
      : JSON.stringify(effectiveLabels(claimed, JSON.parse(before.allowed_labels), JSON.parse(before.given_labels)));
  const agent = { ...before, labels };
  if (labels !== before.labels) {
    yield* run(updateAgent, agent);
    yield* writeAudit({
      at,
      account: agent.account,
      actor: `agent:${agentId}`,
      action: 'agent.labels-changed',
      object: `agent:${agentId}`,
      data: {
        labels: JSON.parse(labels),
        before: { labels: JSON.parse(before.labels) },
        after: { labels: JSON.parse(labels) },
      },
    });
  }
  yield* run(upsertReport, { agent_id: agentId, report: JSON.stringify(report), reported_at: at });
  yield* run(touchLease, { agentId, at });
  yield* tell({ type: 'agent', agentId });
  return { agent: yield* readAgentRecord(agent) };
}
