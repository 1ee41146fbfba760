import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { OwnerLockError, takeOwnerLock } from '../../../runtime/owner-lock.ts';
import type { Random } from '../../../runtime/random.ts';
import type { Store } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { beginStart } from './begin-start.ts';
import { toStoreError } from './errors.ts';
import { keepCopy } from './keep-copy.ts';
import { letShrink } from './let-shrink.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { readSchemaVersion, refuseNewerSchema } from './schema-version.ts';
import { createSqliteStore } from './sqlite-store.ts';
import { refuseUnfinishedRestore } from './unfinished-restore.ts';

export interface SqliteStoreOptions {
  /** The hub's data folder, made when it is not there: it gets `hub.sqlite`, and one owner. */
  readonly folder: string;
  /** Measures how long commits take. */
  readonly clock?: Clock;
  readonly logger: Logger;
  /** Gives a new store its id. */
  readonly random: Random;
  /** Told how long each commit took. */
  readonly onCommitTook?: (tookMs: number) => void;
  /** Told why a commit failed. */
  readonly onCommitFailed?: (error: unknown) => void;
}

function takeFolder(folder: string): Disposable {
  try {
    return takeOwnerLock(folder);
  } catch (error) {
    if (!(error instanceof OwnerLockError)) throw error;
    throw new StoreError(error.code === 'locked' ? 'locked' : 'broken', error.message, { cause: error });
  }
}

function readOrMakeStoreId(database: DatabaseSync, random: Random): string {
  database.prepare('insert or ignore into meta (id, store_id, commits) values (1, ?, 0)').run(random.uuid());
  return String(database.prepare('select store_id from meta').get()?.['store_id']);
}

/**
 * The embedded store: one file, one owner. Takes the folder, brings the tables up to date, and answers a store that nobody else
 * can open until it is disposed. Rejects with `StoreError` (`locked`, `newer-version`, `broken`, `full`).
 */
export async function openSqliteStore({
  folder,
  clock = systemClock,
  logger,
  random,
  onCommitTook,
  onCommitFailed,
}: SqliteStoreOptions): Promise<Store> {
  const lock = takeFolder(folder);
  const path = join(folder, 'hub.sqlite');
  let database: DatabaseSync | undefined;
  try {
    refuseUnfinishedRestore(folder);
    database = openDatabase(path);
    chmodSync(path, 0o600);
    refuseNewerSchema(readSchemaVersion(database));
    const copy = keepCopy(database, path);
    if (copy !== null) logger.warn({ copy }, 'the store is brought up to date; as it was before, it is kept in a copy');
    migrate(database);
    letShrink(database, logger);
    const storeId = readOrMakeStoreId(database, random);
    const startId = beginStart(database, random);
    const hooks = { onTook: onCommitTook, onFailed: onCommitFailed };
    return createSqliteStore({ database, path, storeId, startId, lock, clock, logger, ...hooks });
  } catch (error) {
    database?.close();
    lock[Symbol.dispose]();
    throw toStoreError(error);
  }
}
