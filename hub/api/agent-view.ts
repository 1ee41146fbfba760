import type { Agent } from '../../protocol/agent.ts';
import type { AgentReport } from '../../protocol/agent-report.ts';
import { toKeyFingerprint } from '../../runtime/key-fingerprint.ts';
import type { AgentRecord } from '../store/records.ts';
import type { HubView } from './hub-view.ts';
import { toTimestamp } from './timestamp.ts';

/** An agent as the API shows it: what is stored, and what the hub knows better at this moment. */
export function toAgent(record: AgentRecord, hubView: HubView): Agent {
  const live = hubView.agent(record.id);
  const report = live?.report ?? record.report;
  const keyFingerprint = toKeyFingerprint(record.publicKey);
  const online = live !== undefined && live.leaseEpoch !== null;
  return {
    id: record.id,
    name: record.name,
    account: record.account,
    labels: live?.labels ?? record.labels,
    online,
    version: report?.version ?? null,
    platform: report?.platform ?? null,
    transport: report?.transport ?? null,
    slots: { total: report?.slots.total ?? 0, used: live?.busyTotal ?? report?.slots.used ?? 0 },
    automations: (report?.automations ?? []).map(({ name, digest }) => ({ name, digest })),
    health: report === null ? null : toHealth(report.health, live?.keyHolders.problem ?? null),
    schedulable: record.desired.schedulable && !record.desired.drain,
    drain: record.desired.drain,
    note: record.desired.note,
    loopLagMs: report?.loopLagMs ?? null,
    // A stored report may be of an earlier version.
    admission: report?.admission ?? null,
    keyFingerprint,
    keyRotating: record.desired.replaceKey?.old === keyFingerprint,
    lastSeenAt: toTimestamp(record.lastSeenAt),
    createdAt: toTimestamp(record.createdAt),
    revokedAt: toTimestamp(record.revokedAt),
  };
}

/** With what the hub itself knows to be wrong. */
function toHealth({ state, problems }: AgentReport['health'], problem: string | null): Agent['health'] {
  if (problem === null) return { state, problems: [...problems] };
  return { state: state === 'ok' ? 'degraded' : state, problems: [problem, ...problems] };
}
