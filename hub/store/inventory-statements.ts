import type { InventoryList } from './inventory.ts';
import { inventoryColumns } from './inventory-row.ts';
import type { InventoryRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

interface OfAgent {
  readonly agentId: string;
  readonly list: InventoryList;
}

/** What decides whether a report is news, and what it takes the place of. */
export const readInventoryMark = statement((db, { agentId, list, resourceId }: OfAgent & { resourceId: string }) =>
  db
    .selectFrom('inventory')
    .select(['hash', 'shape', 'first_seen_at', 'bytes'])
    .where('agent_id', '=', agentId)
    .where('list', '=', list)
    .where('resource_id', '=', resourceId),
);

/** All but those that say whose it is, and what was known of it first. */
const changingColumns = inventoryColumns.filter(
  (column) => !['id', 'account', 'agent_id', 'list', 'resource_id', 'cluster', 'first_seen_at'].includes(column),
);

export const upsertInventory = statement((db, row: InventoryRow) =>
  db
    .insertInto('inventory')
    .values(columnsOf(row, inventoryColumns))
    .onConflict((conflict) => conflict.column('id').doUpdateSet(columnsOf(row, changingColumns))),
);

export const deleteInventory = statement((db, { agentId, list, resourceId }: OfAgent & { resourceId: string }) =>
  db
    .deleteFrom('inventory')
    .where('agent_id', '=', agentId)
    .where('list', '=', list)
    .where('resource_id', '=', resourceId),
);

export const readHeldInventory = statement(
  (db, { agentId, list, after, limit }: OfAgent & { after: string; limit: number }) =>
    db
      .selectFrom('inventory')
      .select(['resource_id', 'hash', 'shape'])
      .where('agent_id', '=', agentId)
      .where('list', '=', list)
      .where('resource_id', '>', after)
      .orderBy('resource_id')
      .limit(limit),
);

/** Not of an agent that was revoked or removed. */
export const readInventoryItem = statement(
  (db, { account, list, id }: { account: string; list: InventoryList; id: string }) =>
    db
      .selectFrom('inventory')
      .innerJoin('agents', 'agents.id', 'inventory.agent_id')
      .leftJoin('agent_leases', 'agent_leases.agent_id', 'inventory.agent_id')
      .select(['inventory.id', 'inventory.agent_id', 'first_seen_at', 'changed_at', 'inventory.labels', 'report'])
      .select(['agents.name as agent_name', 'last_seen_at'])
      .where('inventory.id', '=', id)
      .where('inventory.account', '=', account)
      .where('list', '=', list)
      .where('agents.revoked_at', 'is', null),
);

export const readSumsOf = statement((db, { agentId }: { agentId: string }) =>
  db.selectFrom('inventory_sums').select(['list', 'items', 'bytes']).where('agent_id', '=', agentId),
);

export const readOneSum = statement((db, { agentId }: { agentId: string }) =>
  db.selectFrom('inventory_sums').select('items').where('agent_id', '=', agentId).limit(1),
);

/** As many as there are clusters that agents watch. */
export const readInventorySums = statement((db) =>
  db
    .selectFrom('inventory_sums')
    .innerJoin('agents', 'agents.id', 'inventory_sums.agent_id')
    .select(['agent_id', 'cluster', 'list', 'items'])
    .where('revoked_at', 'is', null),
);

/** One of those that were revoked or removed and have rows still. */
export const readGoneInventory = statement((db) =>
  db
    .selectFrom('inventory_sums')
    .leftJoin('agents', 'agents.id', 'inventory_sums.agent_id')
    .select('agent_id')
    .where((build) => build.or([build('agents.id', 'is', null), build('revoked_at', 'is not', null)]))
    .limit(1),
);

export const deleteSomeInventory = statement((db, { agentId, limit }: { agentId: string; limit: number }) =>
  db
    .deleteFrom('inventory')
    .where('id', 'in', (some) =>
      some.selectFrom('inventory').select('id').where('agent_id', '=', agentId).limit(limit),
    ),
);
