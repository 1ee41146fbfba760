import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** A prepared statement, and whether it has columns: then it answers rows, else a count. */
export interface Prepared {
  readonly statement: StatementSync;
  readonly reads: boolean;
}

/** Prepared statements by text, the oldest forgotten first. */
export function createStatementCache(database: DatabaseSync, limit: number): (sql: string) => Prepared {
  const cache = new Map<string, Prepared>();
  return (sql) => {
    const known = cache.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    const prepared = { statement, reads: statement.columns().length > 0 };
    cache.set(sql, prepared);
    if (cache.size > limit) for (const [oldest] of cache.entries().take(1)) cache.delete(oldest);
    return prepared;
  };
}
