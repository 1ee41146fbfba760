import { StoreError } from './store-error.ts';

/** Where a page ended, as opaque text. `list` keeps the cursor of one list from being used on another. */
export function toCursor(list: string, key: string): string {
  return Buffer.from(`${list}:${key}`).toString('base64url');
}

/** The key that `toCursor` was given. Throws `StoreError` (`cursor-invalid`) for anything it did not make. */
export function fromCursor(list: string, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  const key = text.slice(list.length + 1);
  if (!text.startsWith(`${list}:`) || key === '' || toCursor(list, key) !== cursor) {
    throw new StoreError(
      'cursor-invalid',
      `expected the nextCursor of an earlier page of ${list}, got ${JSON.stringify(cursor.slice(0, 100))}`,
    );
  }
  return key;
}
