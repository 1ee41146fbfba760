import type { DatabaseSync } from 'node:sqlite';
import { migrations } from './migrations.ts';
import { readSchemaVersion, refuseNewerSchema } from './schema-version.ts';

/**
 * Takes the file to the newest schema, each step in a transaction of its own together with its number, so that a step happened
 * whole or not at all. Throws `StoreError` (`newer-version`) for a file that a newer farhand has taken further.
 */
export function migrate(database: DatabaseSync, steps: typeof migrations = migrations): void {
  const version = readSchemaVersion(database);
  refuseNewerSchema(version, steps.length);
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
