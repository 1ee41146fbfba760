import { readNextAccounts } from './account-statements.ts';
import { fromCursor, toCursor } from './cursor.ts';
import { all, type Program } from './program.ts';
import { readAccount } from './read-account.ts';
import type { AccountRecord } from './records.ts';
import type { Page } from './store.ts';

/** Goes from one name to the next by indexes alone: a table of accounts is kept nowhere. */
export function* listAccounts({
  limit,
  cursor,
}: {
  readonly limit: number;
  readonly cursor: string | null;
}): Program<Page<AccountRecord>> {
  const items: AccountRecord[] = [];
  let after = cursor === null ? '' : fromCursor('accounts', cursor);
  for (;;) {
    const names = (yield* all(readNextAccounts, { after })).map(({ account }): string | null => account);
    const [next] = names.filter((name) => name !== null).toSorted();
    if (next === undefined) return { items, nextCursor: null };
    if (items.length === limit) return { items, nextCursor: toCursor('accounts', after) };
    items.push(yield* readAccount(next));
    after = next;
  }
}
