import { type FileSystem, readSmallFile } from '../../../runtime/file-system.ts';
import { hasCode } from '../../../runtime/has-code.ts';
import type { CommandEnd } from '../command-end.ts';

/** Room for the longest record. Blanks only: without a newline it is not valid. */
const room = Buffer.alloc(16, ' ');

/** Makes the record's file before the start, so that a disk that is full at the end still takes it. One that is there stays. */
export async function makeRoomForExit(fileSystem: FileSystem, folder: string): Promise<void> {
  try {
    await using handle = await fileSystem.open(`${folder}/exit`, 'wx', 0o600);
    await handle.write(room);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

/** How a command ended, as the wrapper wrote it, or null while there is no valid one: it is valid with its newline. */
export async function readExitRecord(fileSystem: FileSystem, folder: string): Promise<CommandEnd | null> {
  const path = `${folder}/exit`;
  const bytes = await readSmallFile(fileSystem, path);
  if (bytes === null) return null;
  const content = Buffer.from(bytes).toString('latin1');
  const [, status, mark] = /^(\d{1,3})( i)?\n *$/.exec(content) ?? [];
  // The command can reach the file, and may have written what no program ends with.
  if (status === undefined || Number(status) > 255) return null;
  const at = (await fileSystem.lstat(path))?.modifiedAt ?? null;
  return { type: 'exit', status: Number(status), marked: mark !== undefined, at };
}
