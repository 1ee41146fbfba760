import { DatabaseSync } from 'node:sqlite';

const tables = [
  'jobs',
  'attempts',
  'audit',
  'removed_attempts',
  'log_removals',
  'agent_reports',
  'facts_history',
] as const;

/** Counts the rows of a hub's store while the hub works. */
export interface StoreRows extends Disposable {
  count(): readonly { readonly table: string; readonly rows: number }[];
}

export function openStoreRows(path: string): StoreRows {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1000 });
  const counts = tables.map((table) => ({ table, count: database.prepare(`select count(*) as rows from ${table}`) }));
  return {
    count: () => counts.map(({ table, count }) => ({ table, rows: Number(count.get()?.['rows']) })),
    [Symbol.dispose]: () => database.close(),
  };
}
