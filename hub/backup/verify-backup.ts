import { join } from 'node:path';
import type { Random } from '../../runtime/random.ts';
import { type CopiedStore, openCopiedStore } from '../store/sqlite/copied-store.ts';
import { BackupError } from './backup-error.ts';
import { LogCheck } from './check-logs.ts';
import { type ReadBackup, readBackup } from './read-backup.ts';
import { openWorkspace } from './workspace.ts';
import { writeArchivedFile } from './write-archived-file.ts';

export interface VerifiedBackup extends ReadBackup {
  /** Attempts whose logs are not what the store says of them: they were not when the backup was made. */
  readonly damagedLogs: readonly string[];
}

/**
 * Reads all of a backup, checks its digest and the tables of its store, and holds each log against what the store says. `temporaryFolder` must have room
 * for the store. Rejects like `readBackup`, and with `StoreError` (`broken`).
 */
export async function verifyBackup({
  path,
  temporaryFolder,
  random,
  signal,
}: {
  readonly path: string;
  readonly temporaryFolder: string;
  readonly random: Random;
  readonly signal: AbortSignal;
}): Promise<VerifiedBackup> {
  await using workspace = await openWorkspace(temporaryFolder, random);
  using open = new DisposableStack();
  const storePath = join(workspace.folder, 'hub.sqlite');
  let check: LogCheck | null = null;
  let store: CopiedStore | null = null;
  const read = await readBackup(
    path,
    {
      async store(file) {
        await writeArchivedFile(storePath, file);
        store = open.use(openCopiedStore(storePath));
        store.check();
        check = new LogCheck(store);
      },
      async secretKey() {},
      async log(name, file) {
        await check?.look(name, file.content());
      },
    },
    signal,
  );
  const done = check as LogCheck | null;
  if (done === null) throw new BackupError('not-a-backup', `${path} is not a whole backup: there is no store in it`);
  return { ...read, damagedLogs: done.damaged(read.seal.removedLogs) };
}
