import type { JsonObject } from '../../protocol/json.ts';
import { type Actor, nameOf, originOf } from './actor.ts';
import { first, type Program, tell } from './program.ts';
import type { AuditRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

/** Who did what to which object. `data` never holds a secret; of what was edited it says `before` and `after`. */
export interface AuditEntry {
  readonly at: number;
  readonly account: string;
  readonly actor: Actor;
  readonly action: string;
  readonly object: string;
  readonly data: JsonObject;
}

const insertAudit = statement((db, row: Omit<AuditRow, 'sequence'>) =>
  db
    .insertInto('audit')
    .values(columnsOf(row, ['at', 'account', 'actor', 'action', 'object', 'data', 'request_id', 'remote']))
    .returning('sequence'),
);

/** Writes the event in the transaction of what it tells of. */
export function* writeAudit(entry: AuditEntry): Program<void> {
  const { at, account, actor, action, object } = entry;
  const { requestId, remote } = originOf(actor);
  const row = yield* first(insertAudit, {
    at,
    account,
    actor: nameOf(actor),
    action,
    object,
    data: JSON.stringify(entry.data),
    request_id: requestId,
    remote,
  });
  if (row !== null) yield* tell({ type: 'audit', sequence: row.sequence, account, object });
}
