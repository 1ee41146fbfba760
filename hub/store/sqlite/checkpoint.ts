import type { DatabaseSync } from 'node:sqlite';

/**
 * Copies the write-ahead log back into the file and cuts it. Answers false, and does only what can be done at once, when somebody reads
 * an older state: a backup takes its time, and nothing here waits for it.
 */
export function tryCheckpoint(database: DatabaseSync): boolean {
  const timeoutMs = Number(database.prepare('pragma busy_timeout').get()?.['timeout']);
  database.exec('pragma busy_timeout = 0');
  try {
    return database.prepare('pragma wal_checkpoint(truncate)').get()?.['busy'] === 0;
  } finally {
    database.exec(`pragma busy_timeout = ${timeoutMs}`);
  }
}
