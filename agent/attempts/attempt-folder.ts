import { dirname, join } from 'node:path';
import type { FileHandle, FileSystem } from '../../runtime/file-system.ts';
import type { HookName } from '../automations/hook.ts';
import type { ExecutionTarget } from '../executors/execution.ts';
import { type RecordFile, recordFile } from '../record-file.ts';
import { AfterRecord, ClaimRecord, DocumentRecord, IntentRecord, ResultRecord } from './attempt-records.ts';
import { removeUserFolder } from './remove-user-folder.ts';

/**
 * The folder of one attempt, 0700. Who writes what, when, and how durable it is: `docs/attempts.md` §2. `started`, `exit`, `sink` and
 * the folders of hooks are the executor's; `raw` is the command's, and only read here.
 */
export interface AttemptFolder {
  readonly attempt: string;
  readonly path: string;
  readonly rawPath: string;
  /** Where the files of a job of another user are, in a folder of that user's: the attempt's own is closed to it. Made by the executor. */
  readonly userPath: string;
  readonly claim: RecordFile<ClaimRecord>;
  readonly document: RecordFile<DocumentRecord>;
  readonly intent: RecordFile<IntentRecord>;
  readonly after: RecordFile<AfterRecord>;
  readonly result: RecordFile<ResultRecord>;
  /** Where the command runs. */
  readonly target: ExecutionTarget;
  /** Where a hook runs: a folder in this one, with a fence and an exit record of its own. */
  hookTarget(name: HookName): ExecutionTarget;
  /** Makes the folder with its claim. Resolved: file, folder and parent are durable. */
  make(record: ClaimRecord): Promise<void>;
  /** False when somebody deleted it, or what is in it. */
  isThere(): Promise<boolean>;
  /** 0 while there is no `raw`, and where something else is under its name. */
  rawSize(): Promise<number>;
  /** Null where `rawSize` knows none. The caller closes it. */
  openRaw(): Promise<FileHandle | null>;
  /** Cuts off what of `raw` is behind `length`. Nobody may be writing to it. */
  cutRaw(length: number): Promise<void>;
  /** Removes the folder with all that is in it, under another name first: half a folder is never found under its own. */
  remove(): Promise<void>;
}

/** Begins the names of folders that are being removed. */
const removedPrefix = '.removed-';

function usersOf(attempts: string): string {
  return join(dirname(attempts), 'users');
}

export function attemptFolder(fs: FileSystem, attempts: string, attempt: string): AttemptFolder {
  const path = join(attempts, attempt);
  const rawPath = join(path, 'raw');
  const userPath = join(usersOf(attempts), attempt);
  const claimPath = join(path, 'claim.json');
  const claim = recordFile(fs, claimPath, ClaimRecord, 'torn');
  return {
    attempt,
    path,
    rawPath,
    userPath,
    claim,
    document: recordFile(fs, join(path, 'document.json'), DocumentRecord, 'torn'),
    // Its presence alone makes the wrapper mark the exit: it must never be there without its content.
    intent: recordFile(fs, join(path, 'intent.json'), IntentRecord),
    after: recordFile(fs, join(path, 'after.json'), AfterRecord),
    result: recordFile(fs, join(path, 'result.json'), ResultRecord, 'torn'),
    target: { attempt, folder: path },
    hookTarget: (name) => ({ attempt, folder: join(path, name) }),
    async make(record) {
      await fs.mkdir(path, { mode: 0o700 });
      await Promise.all([claim.write(record), fs.syncFolder(attempts)]);
    },
    async isThere() {
      return (await fs.lstat(claimPath)) !== null;
    },
    async rawSize() {
      const status = await fs.lstat(rawPath);
      return status?.type === 'file' ? status.size : 0;
    },
    async openRaw() {
      return (await fs.lstat(rawPath))?.type === 'file' ? fs.open(rawPath, 'r') : null;
    },
    async cutRaw(length) {
      const status = await fs.lstat(rawPath);
      if (status?.type !== 'file' || status.size <= length) return;
      await using raw = await fs.open(rawPath, 'r+');
      await raw.truncate(length);
    },
    async remove() {
      // First: what is left of it would never be found again.
      if ((await fs.lstat(userPath)) !== null) await removeUserFolder(userPath);
      const removed = join(attempts, removedPrefix + attempt);
      if ((await fs.lstat(path)) !== null) await fs.rename(path, removed);
      await fs.remove(removed);
    },
  };
}

/** Ids of the attempts that have a folder. Deletes what an earlier process began to remove. */
export async function listAttempts(fs: FileSystem, attempts: string): Promise<readonly string[]> {
  const names = await fs.readdir(attempts);
  for (const name of names) if (name.startsWith(removedPrefix)) await fs.remove(join(attempts, name));
  return names.filter((name) => !name.startsWith('.')).toSorted();
}

/** Removes what jobs of other users left whose attempts have no folder any more: somebody deleted it while no agent was there. */
export async function removeOrphans(fs: FileSystem, attempts: string, ids: readonly string[]): Promise<void> {
  const users = usersOf(attempts);
  if ((await fs.lstat(users)) === null) return;
  for (const name of await fs.readdir(users)) if (!ids.includes(name)) await removeUserFolder(join(users, name));
}
