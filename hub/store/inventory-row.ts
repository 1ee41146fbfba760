import { createHash } from 'node:crypto';
import type { InventoryItem, InventoryList, InventoryRecord } from './inventory.ts';
import type { AgentRow, InventoryRow } from './schema.ts';

export const inventoryColumns = [
  'id',
  'account',
  'agent_id',
  'list',
  'resource_id',
  'cluster',
  'namespace',
  'kind',
  'name',
  'state',
  'hash',
  'shape',
  'first_seen_at',
  'changed_at',
  'bytes',
  'labels',
  'report',
] as const satisfies readonly (keyof InventoryRow)[];

/**
 * The same for as long as the agent and its own id for it are, and told to nobody else: a UUID (version 8, RFC 9562) of both, so that it needs no
 * table and comes back when the thing does.
 */
function toItemId(agentId: string, list: InventoryList, resourceId: string): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([agentId, list, resourceId]))
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export function toInventoryRow(
  agent: Pick<AgentRow, 'id' | 'account'>,
  list: InventoryList,
  { item, firstSeenAt, at }: { readonly item: InventoryItem; readonly firstSeenAt: number; readonly at: number },
): InventoryRow {
  const labels = JSON.stringify(item.labels);
  const report = JSON.stringify(item.report);
  return {
    id: toItemId(agent.id, list, item.resourceId),
    account: agent.account,
    agent_id: agent.id,
    list,
    resource_id: item.resourceId,
    cluster: item.cluster,
    namespace: item.namespace,
    kind: item.kind,
    name: item.name,
    state: item.state,
    hash: item.hash,
    shape: item.shape,
    first_seen_at: firstSeenAt,
    changed_at: at,
    bytes: Buffer.byteLength(labels) + Buffer.byteLength(report),
    labels,
    report,
  };
}

export type InventoryRowOfAgent = Pick<
  InventoryRow,
  'id' | 'agent_id' | 'first_seen_at' | 'changed_at' | 'labels' | 'report'
> & {
  readonly agent_name: string;
  readonly last_seen_at: number | null;
};

export function toInventoryRecord(row: InventoryRowOfAgent): InventoryRecord {
  return {
    id: row.id,
    agent: { id: row.agent_id, name: row.agent_name, lastSeenAt: row.last_seen_at },
    report: { ...JSON.parse(row.report), labels: JSON.parse(row.labels) },
    firstSeenAt: row.first_seen_at,
    changedAt: row.changed_at,
  };
}
