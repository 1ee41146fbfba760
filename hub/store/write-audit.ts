import type { JsonObject } from '../../protocol/json.ts';
import { first, type Program, tell } from './program.ts';
import type { AuditRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

/** Who did what to which object. `data` never holds a secret. */
export interface AuditEntry {
  readonly at: number;
  readonly account: string;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly data: JsonObject;
}

const insertAudit = statement((db, row: Omit<AuditRow, 'sequence'>) =>
  db
    .insertInto('audit')
    .values(columnsOf(row, ['at', 'account', 'actor', 'action', 'object', 'data']))
    .returning('sequence'),
);

/** Writes the event in the transaction of what it tells of. */
export function* writeAudit(entry: AuditEntry): Program<void> {
  const row = yield* first(insertAudit, { ...entry, data: JSON.stringify(entry.data) });
  const { account, object } = entry;
  if (row !== null) yield* tell({ type: 'audit', sequence: row.sequence, account, object });
}
