import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { commandPrograms } from '../command-programs.ts';
import type { Program } from '../program.ts';
import type { Change, Store } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { tryCheckpoint } from './checkpoint.ts';
import { createDiskSpace } from './disk-space.ts';
import { toStoreError } from './errors.ts';
import { createGroupCommit } from './group-commit.ts';
import { createProgramDriver } from './program-driver.ts';
import { createSqliteQueries } from './sqlite-queries.ts';
import { createWriteAheadLogWatch } from './write-ahead-log.ts';

export interface SqliteStoreParts {
  /** Migrated; closed with the store. */
  readonly database: DatabaseSync;
  readonly path: string;
  readonly storeId: string;
  readonly startId: string;
  /** Released with the store. */
  readonly lock: Disposable;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onTook?: ((tookMs: number) => void) | undefined;
  readonly onFailed?: ((error: unknown) => void) | undefined;
}

/** The port over one open database. */
export function createSqliteStore(parts: SqliteStoreParts): Store {
  const { database, path, storeId, startId, lock, clock, logger, onTook, onFailed } = parts;
  const driver = createProgramDriver(database);
  const writeAheadLog = createWriteAheadLogWatch({ database, path: `${path}-wal`, logger });
  const space = createDiskSpace(database, () => void tryCheckpoint(database));
  const listeners = new Set<(changes: readonly Change[]) => void>();
  let commits = Number(database.prepare('select commits from meta').get()?.['commits']);
  let closing: Promise<void> | null = null;

  function whileOpen<Result>(work: () => Result): Result {
    if (!database.isOpen) throw new StoreError('closed', 'the store is closed: it answers no more');
    try {
      return work();
    } catch (error) {
      throw toStoreError(error);
    }
  }

  function drive<Result>(program: Program<Result>) {
    if (!database.isOpen) throw new StoreError('closed', 'the store is closed: it answers no more');
    return driver(program);
  }

  function watchSize(): void {
    try {
      writeAheadLog.committed();
    } catch (error) {
      logger.error({ error }, 'the write-ahead log of the store could not be cut');
    }
  }

  function tellListeners(changes: readonly Change[]): void {
    for (const listener of listeners) {
      try {
        listener(changes);
      } catch (error) {
        logger.error({ error }, 'a listener of the store failed');
      }
    }
  }

  const group = createGroupCommit({
    database,
    drive,
    clock,
    logger,
    onTook,
    onFailed,
    onCommit(counted, changes) {
      commits = counted;
      watchSize();
      if (changes.length > 0) tellListeners(changes);
    },
  });

  async function close(): Promise<void> {
    await group.close();
    database.close();
    lock[Symbol.dispose]();
  }

  return {
    storeId,
    startId,
    commits: () => commits,
    isOpen: () => group.isOpen(),
    commandsWaiting: () => group.waiting(),
    apply: (name, input) => group.apply(() => commandPrograms[name](input)),
    queries: createSqliteQueries(drive),
    usage: () => whileOpen(() => space.usage()),
    reclaim: (bytes) => whileOpen(() => space.reclaim(bytes)),
    subscribe(listener) {
      const entry = (changes: readonly Change[]) => listener(changes);
      listeners.add(entry);
      return { [Symbol.dispose]: () => void listeners.delete(entry) };
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}
