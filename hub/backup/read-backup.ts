import { createReadStream } from 'node:fs';
import type { z } from 'zod';
import { refuseNewerSchema } from '../store/sqlite/schema-version.ts';
import { type ArchivedFile, readArchive } from './archive-reader.ts';
import { BackupError } from './backup-error.ts';
import { BackupManifest, BackupSeal, backupFiles, backupFormat } from './backup-files.ts';

/** What becomes of the parts of a backup, in the order in which they come. Nothing of it is known to be whole before all of it was read. */
export interface BackupSink {
  store(file: ArchivedFile): Promise<void>;
  secretKey(file: ArchivedFile): Promise<void>;
  /** `name` is the place below the folder of logs, with `/`: two hex digits, then the attempt with `.log` or `.times`. */
  log(name: string, file: ArchivedFile): Promise<void>;
}

export interface ReadBackup {
  readonly manifest: BackupManifest;
  readonly seal: BackupSeal;
}

const logPattern = /^[0-9a-f]{2}\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(?:log|times)$/;
const maxDocumentBytes = 256 * 1024 * 1024;

/**
 * Reads a backup from its beginning to its end and gives its parts to `sink`. Rejects with `BackupError` (`not-a-backup`, `newer-version`) when it
 * is not whole, to the byte, as it was made; with `StoreError` (`newer-version`); with what `sink` rejects with.
 */
export async function readBackup(path: string, sink: BackupSink, signal: AbortSignal): Promise<ReadBackup> {
  let manifest: BackupManifest | null = null;
  for await (const file of readArchive(createReadStream(path, { highWaterMark: 1024 * 1024, signal }))) {
    if (manifest === null) {
      manifest = await readManifest(path, file);
      continue;
    }
    if (file.name === backupFiles.seal) return { manifest, seal: await readSeal(path, file) };
    await giveAway(path, file, sink);
  }
  throw notWhole(path, 'it has no seal at its end');
}

async function giveAway(path: string, file: ArchivedFile, sink: BackupSink): Promise<void> {
  if (file.name === backupFiles.store) return sink.store(file);
  if (file.name === backupFiles.secretKey) return sink.secretKey(file);
  const name = file.name.startsWith(backupFiles.logs) ? file.name.slice(backupFiles.logs.length) : '';
  if (!logPattern.test(name)) throw notWhole(path, `${JSON.stringify(file.name)} does not belong into one`);
  return sink.log(name, file);
}

async function readManifest(path: string, file: ArchivedFile): Promise<BackupManifest> {
  if (file.name !== backupFiles.manifest) {
    throw new BackupError('not-a-backup', `${path} is an archive, but none that "farhand backup" made`);
  }
  const manifest = await readDocument(path, file, BackupManifest);
  if (manifest.format > backupFormat) {
    throw new BackupError(
      'newer-version',
      `${path} was made by farhand ${manifest.version} in format ${manifest.format}, and this farhand knows ${backupFormat}: use that farhand, or a newer one`,
    );
  }
  refuseNewerSchema(manifest.schema);
  return manifest;
}

async function readSeal(path: string, file: ArchivedFile): Promise<BackupSeal> {
  const seal = await readDocument(path, file, BackupSeal);
  const { bytes, sha256 } = file.before;
  if (seal.bytes !== bytes || seal.sha256 !== sha256) {
    throw notWhole(path, 'its digest is not the one that was noted when it was made');
  }
  return seal;
}

async function readDocument<Schema extends z.ZodType>(
  path: string,
  file: ArchivedFile,
  schema: Schema,
): Promise<z.infer<Schema>> {
  if (file.bytes > maxDocumentBytes) throw notWhole(path, `${file.name} has ${file.bytes} bytes`);
  const pieces: Uint8Array[] = [];
  for await (const piece of file.content()) pieces.push(piece);
  const parsed = schema.safeParse(tryParse(Buffer.concat(pieces).toString('utf8')));
  if (!parsed.success) throw notWhole(path, `${file.name} is not what "farhand backup" writes`);
  return parsed.data;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notWhole(path: string, why: string): BackupError {
  return new BackupError('not-a-backup', `${path} is not a whole backup: ${why}`);
}
