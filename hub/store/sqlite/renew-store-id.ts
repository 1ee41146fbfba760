import { DatabaseSync } from 'node:sqlite';
import type { Random } from '../../../runtime/random.ts';
import { toStoreError } from './errors.ts';

/** Makes a copied store one of its own: whoever knew the other one sees that this is not it. Throws `StoreError`. */
export function renewStoreId(path: string, random: Random): string {
  const storeId = random.uuid();
  try {
    using database = new DatabaseSync(path);
    database.prepare('update meta set store_id = ?').run(storeId);
  } catch (error) {
    throw toStoreError(error);
  }
  return storeId;
}
