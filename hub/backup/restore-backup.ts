import { constants } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { hasCode } from '../../runtime/has-code.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { takeOwnerLock } from '../../runtime/owner-lock.ts';
import type { Random } from '../../runtime/random.ts';
import { openCopiedStore } from '../store/sqlite/copied-store.ts';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.ts';
import { renewStoreId } from '../store/sqlite/renew-store-id.ts';
import { unfinishedRestore } from '../store/sqlite/unfinished-restore.ts';
import { type AdoptedStore, adoptStore } from './adopt-store.ts';
import { BackupError } from './backup-error.ts';
import { type ReadBackup, readBackup } from './read-backup.ts';
import { writeArchivedFile } from './write-archived-file.ts';

export interface RestoreOptions {
  readonly path: string;
  /** Where the hub's data comes to be: not there, or empty. */
  readonly dataFolder: string;
  /** Whether jobs that waited when the backup was made are cancelled instead of being run. */
  readonly cancelQueued: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export type RestoredBackup = ReadBackup & AdoptedStore & { readonly storeId: string };

/** What is no sign of use. */
const harmless: readonly string[] = ['owner.lock', 'owner.lock-journal', 'lost+found'];
/** What a restore makes, the mark left aside. */
const partNames: readonly string[] = ['hub.sqlite', 'secret-key', 'logs', 'restoring'];

/**
 * Makes a hub's data folder of a backup, with a store that has an id of its own. Until all of it is there, and the backup has proved to be whole, no hub
 * starts on the folder; what a restore that was killed left in it, the next one removes. Rejects with `BackupError`, `StoreError`,
 * `OwnerLockError`, the reason of `signal`, or what the file system says.
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoredBackup> {
  const { path, dataFolder, random, signal } = options;
  await access(path, constants.R_OK);
  await refuseUsedFolder(dataFolder);
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  using _lock = takeOwnerLock(dataFolder);
  await refuseUsedFolder(dataFolder);
  const mark = join(dataFolder, unfinishedRestore);
  await writeFile(mark, '', { mode: 0o600, flush: true });
  await syncFolder(dataFolder);
  await clear(dataFolder);

  try {
    const restoring = join(dataFolder, 'restoring');
    await mkdir(restoring, { mode: 0o700 });
    const storePath = join(restoring, 'hub.sqlite');
    const read = await unpack(options, storePath);
    signal.throwIfAborted();
    checkStore(storePath);
    const storeId = renewStoreId(storePath, random);
    const adopted = await adopt(options, restoring, read);
    await rename(storePath, join(dataFolder, 'hub.sqlite'));
    await rm(restoring, { recursive: true });
    await syncFolder(dataFolder);
    await rm(mark);
    await syncFolder(dataFolder);
    return { ...read, ...adopted, storeId };
  } catch (error) {
    await clear(dataFolder);
    await rm(mark, { force: true });
    throw error;
  }
}

async function unpack({ path, dataFolder, signal }: RestoreOptions, storePath: string): Promise<ReadBackup> {
  const logs = join(dataFolder, 'logs');
  const folders = new Set<string>();
  let hasStore = false;
  const read = await readBackup(
    path,
    {
      async store(file) {
        await writeArchivedFile(storePath, file);
        hasStore = true;
      },
      secretKey: (file) => writeArchivedFile(join(dataFolder, 'secret-key'), file),
      async log(name, file) {
        const target = join(logs, name);
        await mkdir(dirname(target), { recursive: true, mode: 0o700 });
        folders.add(dirname(target));
        await writeArchivedFile(target, file);
      },
    },
    signal,
  );
  if (!hasStore) throw new BackupError('not-a-backup', `${path} is not a whole backup: there is no store in it`);
  for (const folder of folders) await syncFolder(folder);
  if (folders.size > 0) await syncFolder(logs);
  return read;
}

function checkStore(path: string): void {
  using store = openCopiedStore(path);
  store.check();
}

async function adopt(
  { clock, random, cancelQueued }: RestoreOptions,
  folder: string,
  { manifest, seal }: ReadBackup,
): Promise<AdoptedStore> {
  await using store = await openSqliteStore({ folder, clock, logger: silentLogger, random });
  // The store must stay open until that is done.
  return await adoptStore(store, { madeAt: manifest.madeAt, removedLogs: seal.removedLogs, cancelQueued, clock });
}

/** A folder with an unfinished restore may be filled once more; one with anything else is somebody's. */
async function refuseUsedFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const others = names.filter((name) => !harmless.includes(name));
  if (others.length === 0) return;
  const left = others.filter((name) => !partNames.includes(name));
  if (left.length === 1 && left[0] === unfinishedRestore) return;
  const what = others.includes('hub.sqlite') ? 'the data of a hub' : others.slice(0, 3).join(', ');
  throw new BackupError('exists', `expected ${folder} to be empty or not there, but it has ${what} in it`);
}

async function clear(folder: string): Promise<void> {
  for (const name of partNames) await rm(join(folder, name), { recursive: true, force: true });
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
