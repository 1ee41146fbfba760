import type { DatabaseSync } from 'node:sqlite';
import type { StoreUsage } from '../store.ts';

export interface DiskSpace {
  usage(): StoreUsage;
  reclaim(bytes: number): void;
}

function readNumber(database: DatabaseSync, pragma: string): number {
  return Number(database.prepare(`pragma ${pragma}`).get()?.[pragma]);
}

/** How much of its disk the store takes, and the way back: pages that are free inside the file go to its end, and are cut off there. */
export function createDiskSpace(database: DatabaseSync, tryCheckpoint: () => void): DiskSpace {
  const pageBytes = readNumber(database, 'page_size');
  return {
    usage: () => ({
      bytes: readNumber(database, 'page_count') * pageBytes,
      freeBytes: readNumber(database, 'freelist_count') * pageBytes,
    }),
    reclaim(bytes) {
      database.exec(`pragma incremental_vacuum(${Math.max(1, Math.floor(bytes / pageBytes))})`);
      // The file itself shrinks when the write-ahead log is copied back.
      tryCheckpoint();
    },
  };
}
