import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAutomationFile } from './load-catalog.ts';

/** What can be seen of a folder of automations without reading its files. */
export interface FolderStamp {
  /** Tells the folder from another one of the same path; null when it is not there. */
  readonly folder: string | null;
  /** Another one when a file came, went or was written, or when the folder did. */
  readonly content: string;
}

async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

/** Looks at the folder and at each file of it, behind links, so that one whose target is another now is seen too. Never rejects. */
export async function stampFolder(path: string): Promise<FolderStamp> {
  try {
    const [{ dev, ino, birthtimeNs }, names] = await Promise.all([stat(path, { bigint: true }), readdir(path)]);
    const files = names.filter(isAutomationFile).toSorted();
    const stamps = await Promise.all(files.map(async (name) => [name, await stampOf(join(path, name))]));
    const folder = `${dev} ${ino} ${birthtimeNs}`;
    return { folder, content: JSON.stringify([folder, stamps]) };
  } catch (error) {
    return { folder: null, content: error instanceof Error && 'code' in error ? String(error.code) : 'unknown' };
  }
}
