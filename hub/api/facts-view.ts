import type { Facts, FactsChange } from '../../protocol/facts.ts';
import type { AgentRecord, FactsChangeRecord, FactsRecord } from '../store/records.ts';
import type { HubView } from './hub-view.ts';
import { toTimestamp } from './timestamp.ts';

/** Facts as the API shows them. Whether the agent still has the probe its newest report says. */
export function toFacts(record: FactsRecord, agent: AgentRecord, hubView: HubView): Facts {
  const report = hubView.agent(agent.id)?.report ?? agent.report;
  const isThere = report?.automations.some(({ name, kind }) => name === record.probe && kind === 'probe');
  return {
    probe: record.probe,
    digest: record.digest,
    facts: record.facts,
    collectedAt: toTimestamp(record.collectedAt),
    changedAt: toTimestamp(record.changedAt),
    durationMs: record.durationMs,
    error: record.error === null ? null : { message: record.error.message, at: toTimestamp(record.error.at) },
    gone: isThere === false,
  };
}

export function toFactsChange(record: FactsChangeRecord): FactsChange {
  return {
    sequence: record.sequence,
    collectedAt: toTimestamp(record.collectedAt),
    recordedAt: toTimestamp(record.recordedAt),
    digest: record.digest,
    changed: [...record.changed],
    facts: record.facts,
  };
}
