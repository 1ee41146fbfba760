import type { FileHandle, FileSystem } from './file-system.ts';
import { hasCode } from './has-code.ts';

/** `<name>.part` beside a file is a write that did not end: whoever finds one may delete it. */
const partSuffix = '.part';

/**
 * Writes a small file (mode 0600) so that it survives a power loss, its name in the folder included.
 *
 * Resolved: it is whole and on the disk. When this process dies on the way, the file is whole (but perhaps not flushed
 * yet: whoever finds it and needs it durable flushes again), or as it was before. When the machine does, a file that was not there before may also be torn: a reader takes one it cannot parse for
 * absent, and may, because nobody acted on it. One that replaces another never is. Rejected: either.
 *
 * A new file costs one commit of the disk, not two: its bytes and its name are flushed together.
 */
export async function writeDurably(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array | string,
  first: FirstWrite = 'whole',
): Promise<void> {
  await using handle = await putFile(fs, path, { bytes, first });
  await syncWithName(fs, path, handle);
}

/** The same without the flush: it survives the end of this process, and need not survive that of the machine. */
export async function writeWhole(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array | string,
  first: FirstWrite = 'whole',
): Promise<void> {
  await using _handle = await putFile(fs, path, { bytes, first });
}

/** A file that was written whole, and its name in the folder, are on the disk. */
export async function syncWithName(fs: FileSystem, path: string, handle: FileHandle): Promise<void> {
  await Promise.all([handle.sync(), fs.syncFolder(path.slice(0, path.lastIndexOf('/')) || '/')]);
}

/**
 * What is left of a file that was not there before when this process dies on the way. `torn`: perhaps a part of it. For a file whose
 * mere presence says nothing, and that a reader who cannot parse it takes for absent; it costs two changes of the folder less.
 */
export type FirstWrite = 'whole' | 'torn';

/** Resolves with the file, which the caller closes. */
async function putFile(
  fs: FileSystem,
  path: string,
  { bytes, first }: { readonly bytes: Uint8Array | string; readonly first: FirstWrite },
): Promise<FileHandle> {
  const text = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return (first === 'torn' ? await putFirst(fs, path, text) : null) ?? putInPlace(fs, path, text);
}

/** Null where something is under the name already. */
async function putFirst(fs: FileSystem, path: string, bytes: Uint8Array): Promise<FileHandle | null> {
  let handle: FileHandle;
  try {
    handle = await fs.open(path, 'wx', 0o600);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return null;
    throw error;
  }
  try {
    await handle.write(bytes);
    return handle;
  } catch (error) {
    await handle.close();
    await fs.remove(path);
    throw error;
  }
}

/** In the place of what was there, if anything was. */
async function putInPlace(fs: FileSystem, path: string, bytes: Uint8Array): Promise<FileHandle> {
  const part = path + partSuffix;
  const handle = await openAnew(fs, part);
  try {
    await handle.write(bytes);
    const replaced = await fs.lstat(path);
    if (replaced !== null) await handle.sync();
    if (replaced?.type === 'folder') await fs.remove(path);
    await fs.rename(part, path);
    return handle;
  } catch (error) {
    await handle.close();
    await fs.remove(part);
    throw error;
  }
}

/** An empty file of ours, whatever was there. */
async function openAnew(fs: FileSystem, path: string): Promise<FileHandle> {
  const status = await fs.lstat(path);
  if (status !== null && status.type !== 'file') await fs.remove(path);
  return fs.open(path, 'w', 0o600);
}
