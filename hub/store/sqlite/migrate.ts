import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store-error.ts';
import { migrations } from './migrations.ts';

function readVersion(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.['user_version']);
}

/**
 * Takes the file to the newest schema, each step in a transaction of its own together with its number, so that a step happened
 * whole or not at all. Throws `StoreError` (`newer-version`) for a file that a newer farhand has taken further.
 */
export function migrate(database: DatabaseSync, steps: typeof migrations = migrations): void {
  const version = readVersion(database);
  if (version > steps.length) {
    throw new StoreError(
      'newer-version',
      `the store has schema ${version}, and this farhand knows ${steps.length}: run the newer farhand that changed it, or restore a copy from before`,
    );
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    database.exec('begin immediate');
    try {
      database.exec(step.sql);
      database.exec(`pragma user_version = ${index + 1}`);
      database.exec('commit');
    } catch (error) {
      if (database.isTransaction) database.exec('rollback');
      throw error;
    }
  }
}
