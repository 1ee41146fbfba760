import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { hasCode } from '../../runtime/has-code.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** Somebody who makes files without pause is not waited for. */
const maxPasses = 20;

/**
 * Removes a folder that belongs to another user, as root, while a process of that user may still change what is in it. Every name is
 * taken from a folder that is open (`/proc/self/fd/…`), so no link that comes up in between leads anywhere else. Folders within are moved
 * to the top before they are emptied, so depth costs nothing. Nothing there is no failure.
 */
export async function removeUserFolder(path: string): Promise<void> {
  const top = await openFolder(path);
  if (top === null) return;
  try {
    for (let pass = 0; pass < maxPasses; pass += 1) {
      const entries = await readdir(inside(top), { withFileTypes: true });
      if (entries.length === 0) break;
      const folders: string[] = [];
      for (const entry of entries)
        await removeEntry(top, inside(top, entry.name), { isFolder: entry.isDirectory(), folders });
      for (let name = folders.pop(); name !== undefined; name = folders.pop()) await emptyFolder(top, name, folders);
    }
  } finally {
    await top.close();
  }
  await rmdir(path);
}

function inside(folder: FileHandle, name?: string): string {
  const self = `/proc/self/fd/${folder.fd}`;
  return name === undefined ? self : `${self}/${name}`;
}

async function openFolder(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR') || hasCode(error, 'ELOOP')) return null;
    throw error;
  }
}

/** A file is removed, a folder moved to the top under a new name, which is added to `folders`. */
async function removeEntry(
  top: FileHandle,
  path: string,
  { isFolder, folders }: { readonly isFolder: boolean; readonly folders: string[] },
): Promise<void> {
  if (!isFolder) return ignoreChange(unlink(path));
  const name = randomUUID();
  await ignoreChange(rename(path, inside(top, name)));
  folders.push(name);
}

/** What turns out to be something else, or gone, or comes back, is left to the next pass. */
async function emptyFolder(top: FileHandle, name: string, folders: string[]): Promise<void> {
  const folder = await openFolder(inside(top, name));
  if (folder === null) return;
  try {
    for (const child of await readdir(inside(folder), { withFileTypes: true }))
      await removeEntry(top, inside(folder, child.name), { isFolder: child.isDirectory(), folders });
  } finally {
    await folder.close();
  }
  await ignoreChange(rmdir(inside(top, name)));
}

async function ignoreChange(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}
