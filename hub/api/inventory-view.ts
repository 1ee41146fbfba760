import { AppReport } from '../../protocol/app.ts';
import type { App, Node } from '../../protocol/inventory.ts';
import { NodeReport } from '../../protocol/node.ts';
import { findStaleness } from '../fleet/find-staleness.ts';
import type { InventoryList, InventoryRecord } from '../store/inventory.ts';
import type { HubView } from './hub-view.ts';
import { toTimestamp } from './timestamp.ts';

/** Null for one that another version stored, of which this one cannot make sense: its agent is asked for it again when it is back. */
export function toNode(record: InventoryRecord, hubView: HubView): Node | null {
  const parsed = NodeReport.safeParse(record.report);
  if (!parsed.success) return null;
  const { id: reference, ...report } = parsed.data;
  return { ...report, ...toKnown(record, { list: 'nodes', reference, cluster: report.cluster }, hubView) };
}

/** Likewise. */
export function toApp(record: InventoryRecord, hubView: HubView): App | null {
  const parsed = AppReport.safeParse(record.report);
  if (!parsed.success) return null;
  const { id: reference, ...report } = parsed.data;
  return { ...report, ...toKnown(record, { list: 'apps', reference, cluster: report.cluster }, hubView) };
}

function toKnown(
  { id, agent, firstSeenAt, changedAt }: InventoryRecord,
  { reference, ...of }: { readonly list: InventoryList; readonly reference: string; readonly cluster: string },
  hubView: HubView,
) {
  return {
    id,
    reference,
    agent: agent.name,
    firstSeenAt: toTimestamp(firstSeenAt),
    changedAt: toTimestamp(changedAt),
    stale: findStaleness(hubView.agent(agent.id), { ...of, lastSeenAt: toTimestamp(agent.lastSeenAt) }),
  };
}
