import { type FileSystem, readSmallFile } from '../../../runtime/file-system.ts';
import { hasCode } from '../../../runtime/has-code.ts';

/** How a command ended, as the wrapper wrote it. `marked`: an intent was there by then. */
export interface ExitRecord {
  readonly status: number;
  readonly marked: boolean;
}

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

/** The record, or null while there is no valid one: it is valid with its newline. */
export async function readExitRecord(fileSystem: FileSystem, folder: string): Promise<ExitRecord | null> {
  const bytes = await readSmallFile(fileSystem, `${folder}/exit`);
  if (bytes === null) return null;
  const content = Buffer.from(bytes).toString('latin1');
  const [, status, mark] = /^(\d{1,3})( i)?\n *$/.exec(content) ?? [];
  // The command can reach the file, and may have written what no program ends with.
  if (status === undefined || Number(status) > 255) return null;
  return { status: Number(status), marked: mark !== undefined };
}
