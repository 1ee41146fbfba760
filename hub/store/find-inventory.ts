import type { Kysely } from 'kysely';
import { selects } from '../../protocol/label-selector.ts';
import { readAgentByName } from './agent-statements.ts';
import { fromCursor, toCursor } from './cursor.ts';
import type { InventoryFilter, InventoryList, InventoryRecord } from './inventory.ts';
import { toInventoryRecord } from './inventory-row.ts';
import { readInventoryItem } from './inventory-statements.ts';
import { need } from './need.ts';
import { all, first, type Program } from './program.ts';
import type { Schema } from './schema.ts';
import { adHocStatement } from './statement.ts';
import type { Page } from './store.ts';

/** Rows that one call looks at, at most: the others of the hub are not to wait. */
const windowSize = 5_000;

/** Behind every name that begins with the prefix before it. */
const last = '\u{10FFFF}';

/** Where a walk in the order of names is. */
interface Place {
  readonly name: string;
  readonly id: string;
}

interface Search {
  readonly account: string;
  readonly list: InventoryList;
  readonly filter: InventoryFilter;
  /** Null: whoever tells of it. */
  readonly agentId: string | null;
  readonly after: Place;
}

/** Rows behind `after` out of the index that fits best, in its order. */
function selectStretch(db: Kysely<Schema>, { account, list, filter, agentId, after }: Search) {
  const { namespace, namePrefix } = filter;
  return db
    .selectFrom('inventory')
    .where('inventory.list', '=', list)
    .where((build) => build(build.refTuple('inventory.name', 'inventory.id'), '>', build.tuple(after.name, after.id)))
    .$if(agentId === null, (query) => query.where('inventory.account', '=', account))
    .$if(agentId !== null, (query) => query.where('inventory.agent_id', '=', agentId ?? ''))
    .$if(namespace !== null, (query) => query.where('inventory.namespace', '=', namespace ?? ''))
    .$if(namePrefix !== '', (query) => query.where('inventory.name', '<', `${namePrefix}${last}`))
    .orderBy('inventory.name')
    .orderBy('inventory.id');
}

function windowEnd(search: Search) {
  return adHocStatement((db) =>
    selectStretch(db, search)
      .select(['inventory.name', 'inventory.id'])
      .limit(1)
      .offset(windowSize - 1),
  );
}

/** Of agents that stand, what the whole filter but its labels fits. */
function candidates(search: Search, { end, limit }: { readonly end: Place | null; readonly limit: number }) {
  const { cluster, kinds, states } = search.filter;
  return adHocStatement((db) =>
    selectStretch(db, search)
      .innerJoin('agents', 'agents.id', 'inventory.agent_id')
      .select(['inventory.name', 'inventory.id', 'inventory.labels'])
      .where('agents.revoked_at', 'is', null)
      .$if(end !== null, (query) =>
        query.where((build) =>
          build(build.refTuple('inventory.name', 'inventory.id'), '<=', build.tuple(end?.name ?? '', end?.id ?? '')),
        ),
      )
      .$if(cluster !== null, (query) => query.where('inventory.cluster', '=', cluster ?? ''))
      .$if(kinds.length > 0, (query) => query.where('inventory.kind', 'in', kinds))
      .$if(states.length > 0, (query) => query.where('inventory.state', 'in', states))
      .limit(limit),
  );
}

/** By name, then by id. */
export function* findInventory(
  account: string,
  list: InventoryList,
  find: { readonly filter: InventoryFilter; readonly limit: number; readonly cursor: string | null },
): Program<Page<InventoryRecord>> {
  const { filter, limit, cursor } = find;
  const begin = cursor === null ? { name: '', id: '' } : toPlace(fromCursor(list, cursor));
  const agent = filter.agent === null ? null : yield* first(readAgentByName, { account, name: filter.agent });
  if (filter.agent !== null && agent === null) return { items: [], nextCursor: null };
  const after = begin.name < filter.namePrefix ? { name: filter.namePrefix, id: '' } : begin;
  const search: Search = { account, list, filter, agentId: agent?.id ?? null, after };
  const end = yield* first(windowEnd(search), {});
  const { labels } = filter;
  const rows = yield* all(candidates(search, { end, limit: labels.length === 0 ? limit + 1 : windowSize }), {});
  const found = labels.length === 0 ? rows : rows.filter((row) => selects(labels, JSON.parse(row.labels)));
  const items: InventoryRecord[] = [];
  for (const { id } of found.slice(0, limit)) {
    items.push(toInventoryRecord(need(yield* first(readInventoryItem, { account, list, id }), list)));
  }
  const next = found.length > limit ? found[limit - 1] : end;
  return { items, nextCursor: next === null || next === undefined ? null : toCursor(list, `${next.id}${next.name}`) };
}

const idLength = 36;

function toPlace(key: string): Place {
  return { id: key.slice(0, idLength), name: key.slice(idLength) };
}
