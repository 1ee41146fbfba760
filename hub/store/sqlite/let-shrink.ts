import type { DatabaseSync } from 'node:sqlite';
import type { Logger } from '../../../runtime/logger.ts';

const incremental = 2;

/** Rewrites, once, a file from before it could give free room back to the disk. Without the room to do so it stays as it is, and works. */
export function letShrink(database: DatabaseSync, logger: Logger): void {
  if (database.prepare('pragma auto_vacuum').get()?.['auto_vacuum'] === incremental) return;
  try {
    database.exec('pragma auto_vacuum = incremental; vacuum');
  } catch (error) {
    logger.warn({ error }, 'the store gives no room back to the disk: it could not be rewritten for that');
  }
}
