import { constants } from 'node:fs';
import { link, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../runtime/has-code.ts';

/**
 * Makes a file that only its owner can read, whole and durable or not at all. Answers false, and changes nothing, when there is one
 * already. Rejects with what the file system says.
 */
export async function createPrivateFile(path: string, content: string, suffix: string): Promise<boolean> {
  const draft = `${path}.${suffix}`;
  try {
    await writeDurably(draft, content, constants.O_EXCL);
    await link(draft, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

/** The same, over whatever is there. */
export async function replacePrivateFile(path: string, content: string): Promise<void> {
  await rm(path, { force: true });
  await writeDurably(path, content, constants.O_EXCL);
  await syncFolder(dirname(path));
}

/** Whether others than the owner may read it. */
export async function isReadableByOthers(path: string): Promise<boolean> {
  return ((await stat(path)).mode & 0o077) !== 0;
}

async function writeDurably(path: string, content: string, flag: number): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | flag, 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
