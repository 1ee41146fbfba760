import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Logger } from '../../../runtime/logger.ts';
import { tryCheckpoint } from './checkpoint.ts';

/**
 * Watches the size of the write-ahead log. SQLite copies it back by itself, but a reader that keeps a snapshot open (a copy being
 * made, a shell left open) stops that, and the file never shrinks alone: above the limit it is copied back and cut.
 */
export function createWriteAheadLogWatch({
  database,
  path,
  logger,
  commitsBetweenLooks = 64,
  maxBytes = 64 * 1024 * 1024,
}: {
  readonly database: DatabaseSync;
  /** Of the log, not of the database. */
  readonly path: string;
  readonly logger: Logger;
  readonly commitsBetweenLooks?: number;
  readonly maxBytes?: number;
}): { committed(): void } {
  let commits = 0;
  return {
    committed() {
      commits++;
      if (commits % commitsBetweenLooks !== 0) return;
      const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (bytes <= maxBytes) return;
      if (!tryCheckpoint(database))
        logger.warn({ bytes }, 'the write-ahead log of the store grows: something keeps reading an old state');
      else logger.info({ bytes }, 'the write-ahead log of the store was cut');
    },
  };
}
