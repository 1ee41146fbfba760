import { DatabaseSync } from 'node:sqlite';

/** How long another program that looks into the file may hold it. Waiting blocks the loop. */
const timeoutMs = 5_000;
const cacheKibibytes = 32 * 1024;

/**
 * Opens the file as the hub needs it: the wait for locks first, for the switch to WAL needs it; a commit is durable when it
 * returns; what is deleted is overwritten.
 */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: timeoutMs });
  try {
    // Counts for a file that has no tables yet: what is freed later can be given back to the disk.
    database.exec('pragma auto_vacuum = incremental');
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec('pragma secure_delete = on');
    database.exec(`pragma cache_size = -${cacheKibibytes}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
