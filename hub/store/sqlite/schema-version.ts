import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store-error.ts';
import { migrations } from './migrations.ts';

/** How many steps of `migrations` the file has been taken; 0 for an empty one. */
export function readSchemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.['user_version']);
}

/** Throws `StoreError` (`newer-version`) for a file that a newer farhand has taken further. */
export function refuseNewerSchema(version: number, known: number = migrations.length): void {
  if (version <= known) return;
  throw new StoreError(
    'newer-version',
    `the store has schema ${version}, and this farhand knows ${known}: run the newer farhand that changed it, or restore a copy from before`,
  );
}
