import { type FileHandle, link, open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { hasCode } from '../../runtime/has-code.ts';
import type { Random } from '../../runtime/random.ts';
import { version } from '../../runtime/version.ts';
import { toLogPaths } from '../logs/log-paths.ts';
import { type CopiedStore, openCopiedStore } from '../store/sqlite/copied-store.ts';
import { refuseNewerSchema } from '../store/sqlite/schema-version.ts';
import { ArchiveWriter } from './archive-writer.ts';
import { BackupError } from './backup-error.ts';
import { type BackupManifest, type BackupSeal, backupFiles, backupFormat } from './backup-files.ts';
import { openWorkspace } from './workspace.ts';

export interface BackupOptions {
  /** The hub's data folder. The hub may run, and need not. */
  readonly dataFolder: string;
  /** The file that is made. */
  readonly target: string;
  /** Whether the key goes along that secrets of open jobs are sealed with. */
  readonly withSecretKey: boolean;
  readonly clock: Clock;
  readonly random: Random;
  /** Told the bytes that were copied so far, now and then. */
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface MadeBackup {
  readonly manifest: BackupManifest;
  readonly seal: BackupSeal;
  /** Of the file. */
  readonly bytes: number;
  /** Attempts whose logs the store has and the disk has not, or not all of: damage from before. */
  readonly damagedLogs: readonly string[];
}

const pieceBytes = 1024 * 1024;

/**
 * Copies a hub's store, key and logs into one file. First the store, as it is at one moment, then the logs: these only grow, so the copy of a log is
 * never shorter than the copied store says. The file appears under its name when it is whole and durable, never before, and never over another.
 * Rejects with `BackupError`, `StoreError`, the reason of `signal`, or what the file system says; nothing is left behind then.
 */
export async function createBackup(options: BackupOptions): Promise<MadeBackup> {
  const { dataFolder, target, clock, random, signal } = options;
  const storePath = join(dataFolder, 'hub.sqlite');
  if (!(await isThere(storePath))) {
    throw new BackupError(
      'no-hub',
      `expected the data folder of a hub, got ${dataFolder}: there is no hub.sqlite in it`,
    );
  }
  if (await isThere(target)) throw new BackupError('exists', `${target} is there already, and is left as it is`);
  await using workspace = await openWorkspace(dirname(target), random);
  const copyPath = join(workspace.folder, 'hub.sqlite');
  copyStore(storePath, copyPath);
  signal.throwIfAborted();

  using copy = openCopiedStore(copyPath);
  const madeAt = clock.now();
  const manifest: BackupManifest = {
    format: backupFormat,
    version,
    schema: copy.schema,
    madeAt: new Date(madeAt).toISOString(),
    storeId: copy.storeId,
    commits: copy.commits,
    hasSecretKey: options.withSecretKey,
  };
  const archivePath = join(workspace.folder, 'backup.tar');
  await using archive = await open(archivePath, 'wx', 0o600);
  const writer = new ArchiveWriter(archive, madeAt);
  await addText(writer, backupFiles.manifest, toDocument(manifest));
  await addFile(writer, backupFiles.store, copyPath);
  if (options.withSecretKey)
    await addText(writer, backupFiles.secretKey, await readFile(join(dataFolder, 'secret-key')));
  const logs = await addLogs(writer, copy, options);
  const seal: BackupSeal = { ...writer.seal(), ...logs.sums };
  await addText(writer, backupFiles.seal, toDocument(seal));
  await writer.finish();
  const { size } = await archive.stat();
  await publish(archivePath, target);
  return { manifest, seal, bytes: size, damagedLogs: logs.damaged };
}

function copyStore(from: string, to: string): void {
  using store = openCopiedStore(from);
  refuseNewerSchema(store.schema);
  store.copyTo(to);
}

interface AddedLogs {
  readonly sums: Pick<BackupSeal, 'logs' | 'logBytes' | 'removedLogs'>;
  readonly damaged: readonly string[];
}

async function addLogs(writer: ArchiveWriter, copy: CopiedStore, options: BackupOptions): Promise<AddedLogs> {
  const { dataFolder, onProgress, signal } = options;
  const sums = { logs: 0, logBytes: 0 };
  const missing: string[] = [];
  const short: string[] = [];
  for (const { attempt, log } of copy.logs()) {
    signal.throwIfAborted();
    if (log !== null && log.removedAt !== null) continue;
    const paths = toLogPaths(join(dataFolder, 'logs'), attempt);
    const name = `${backupFiles.logs}${paths.log.slice(dirname(paths.folder).length + 1)}`;
    const bytes = await addFile(writer, name, paths.log);
    const expected = log?.bytes ?? 0;
    if (bytes === null && expected > 0) missing.push(attempt);
    if (bytes === null) continue;
    if (bytes < expected) short.push(attempt);
    sums.logs++;
    sums.logBytes += bytes;
    await addFile(writer, name.replace(/\.log$/, '.times'), paths.times);
    onProgress(writer.bytes);
  }
  const removedLogs = findRemoved(join(dataFolder, 'hub.sqlite'), missing);
  const damaged = [...short, ...missing.filter((attempt) => !removedLogs.includes(attempt))];
  return { sums: { ...sums, removedLogs }, damaged };
}

/** Of those that are missing, the ones that retention removed since the store was copied. */
function findRemoved(storePath: string, missing: readonly string[]): string[] {
  if (missing.length === 0) return [];
  using store = openCopiedStore(storePath);
  return missing.filter((attempt) => {
    const now = store.log(attempt);
    return now === undefined || (now.log?.removedAt ?? null) !== null;
  });
}

/** Answers how long it is, or null when there is no such file. It may grow meanwhile: what is there now is copied. */
async function addFile(writer: ArchiveWriter, name: string, path: string): Promise<number | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
  await using file = handle;
  const { size } = await file.stat();
  await writer.add({ name, bytes: size }, readPieces(file, size));
  return size;
}

async function* readPieces(file: FileHandle, size: number): AsyncGenerator<Uint8Array, void> {
  for (let offset = 0; offset < size; ) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(pieceBytes, size - offset));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield bytes.subarray(0, bytesRead);
  }
}

async function addText(writer: ArchiveWriter, name: string, text: string | Uint8Array): Promise<void> {
  const bytes = Buffer.from(text);
  await writer.add({ name, bytes: bytes.length }, [bytes]);
}

function toDocument(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A link, unlike a renaming, replaces nothing. */
async function publish(path: string, target: string): Promise<void> {
  try {
    await link(path, target);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new BackupError('exists', `${target} came to be while this backup was made, and is left as it is`, {
      cause: error,
    });
  }
  await using folder = await open(dirname(target), 'r');
  await folder.sync();
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    },
  );
}
