import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import type { StoredLog } from '../records.ts';
import { toStoredLog } from '../stored-log.ts';
import { toStoreError } from './errors.ts';
import { readSchemaVersion } from './schema-version.ts';

/** What a copy of a store says of the log of an attempt that got its document. */
export interface CopiedLog {
  readonly attempt: string;
  /** Null before the attempt ended, and when nobody said how. */
  readonly log: StoredLog | null;
}

/** A store's file that nobody owns, as it lies there: for backups. Reads only. */
export interface CopiedStore extends Disposable {
  readonly schema: number;
  readonly storeId: string;
  readonly commits: number;
  /** In no order. */
  logs(): Iterable<CopiedLog>;
  /** Undefined for an attempt that is not in it, or got no document. */
  log(attempt: string): CopiedLog | undefined;
  /** Writes all of it into a new file as it is at this moment, while others write on. Blocks this process meanwhile. */
  copyTo(path: string): void;
  /** Throws `StoreError` (`broken`) when the file is damaged. */
  check(): void;
}

/** How long somebody who has the file for himself is waited for. */
const timeoutMs = 10_000;

/** Throws `StoreError`. */
export function openCopiedStore(path: string): CopiedStore {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: timeoutMs });
    return createCopiedStore(database);
  } catch (error) {
    database?.close();
    throw toStoreError(error);
  }
}

function createCopiedStore(database: DatabaseSync): CopiedStore {
  const schema = readSchemaVersion(database);
  const meta = database.prepare('select store_id, commits from meta').get();
  const columns = 'select id, state, log from attempts where document_sent_at is not null';
  return {
    schema,
    storeId: String(meta?.['store_id']),
    commits: Number(meta?.['commits']),
    *logs() {
      for (const row of database.prepare(columns).iterate()) yield toCopiedLog(row);
    },
    log(attempt) {
      const row = database.prepare(`${columns} and id = ?`).get(attempt);
      return row === undefined ? undefined : toCopiedLog(row);
    },
    copyTo(target) {
      try {
        database.prepare('vacuum into ?').run(target);
      } catch (error) {
        throw toStoreError(error);
      }
    },
    check() {
      const found = database.prepare('pragma quick_check(1)').get()?.['quick_check'];
      if (found !== 'ok') throw toStoreError(Object.assign(new Error(String(found)), { errcode: 11 }));
    },
    [Symbol.dispose]: () => database.close(),
  };
}

function toCopiedLog({ id, state, log }: Record<string, SQLOutputValue>): CopiedLog {
  const stored = typeof log === 'string' ? toStoredLog(log) : null;
  return { attempt: String(id), log: state === 'ended' ? stored : null };
}
