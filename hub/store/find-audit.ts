import { auditColumns, toAuditRecord } from './audit-row.ts';
import { all, first, type Program } from './program.ts';
import type { AuditRecord } from './records.ts';
import { adHocStatement, statement } from './statement.ts';
import type { AuditFilter } from './store.ts';

/** Events of an account that one call looks at, at most: the others of the hub are not to wait. */
const windowSize = 10_000;

const readWindowEnd = statement((db, { account, before, skip }: { account: string; before: number; skip: number }) =>
  db
    .selectFrom('audit')
    .select('sequence')
    .where('account', '=', account)
    .where('sequence', '<', before)
    .orderBy('sequence', 'desc')
    .limit(1)
    .offset(skip),
);

export function* findAudit(
  account: string,
  filter: AuditFilter,
  page: { readonly limit: number; readonly before: number | null },
): Program<{ readonly items: readonly AuditRecord[]; readonly end: number | null }> {
  const { limit } = page;
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const windowEnd = (yield* first(readWindowEnd, { account, before, skip: windowSize - 1 }))?.sequence ?? null;
  const rows = yield* all(toStatement(account, filter, { limit: limit + 1, before, from: windowEnd ?? 0 }), {});
  const items = rows.slice(0, limit).map(toAuditRecord);
  return { items, end: rows.length > limit ? (items.at(-1)?.sequence ?? null) : windowEnd };
}

function toStatement(
  account: string,
  { actor, action, object, since, until }: AuditFilter,
  { limit, before, from }: { readonly limit: number; readonly before: number; readonly from: number },
) {
  return adHocStatement((db) => {
    let query = db
      .selectFrom('audit')
      .select(auditColumns)
      .where('account', '=', account)
      .where('sequence', '<', before)
      .where('sequence', '>=', from);
    if (actor !== null) query = query.where('actor', '=', actor);
    if (object !== null) query = query.where('object', '=', object);
    // `token` is every action of tokens. Nothing but letters, dots and dashes stands in an action.
    if (action !== null)
      query = query.where((of) => of.or([of('action', '=', action), of('action', 'like', `${action}.%`)]));
    if (since !== null) query = query.where('at', '>=', since);
    if (until !== null) query = query.where('at', '<', until);
    return query.orderBy('sequence', 'desc').limit(limit);
  });
}
