import type { FileHandle, FileSystem } from '../../runtime/file-system.ts';

/** What is under the name is no file that may be read. The message says what was expected. */
export class JobFileError extends Error {}

/**
 * Opens a file that a job may have written, or put something else in its place; null where there is nothing. `owner` is the user
 * that the job runs as, where that is not the agent's own; `variable` is what told the job of the path. The caller closes it. Throws `JobFileError`.
 *
 * A link is not followed, which is up to the file system: it could lead to a file that only the agent may read. A second name of such a
 * file shows by its owner. A pipe does not block. What is checked is what was opened, whatever the job puts there meanwhile.
 */
export async function openJobFile(
  fs: FileSystem,
  path: string,
  { owner, variable }: { readonly owner: number | null; readonly variable: string },
): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    // Mostly there is nothing, and to find that out by opening costs an error.
    if ((await fs.lstat(path)) === null) return null;
    file = await fs.open(path, 'r');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ENOENT') return null;
    throw new JobFileError(`expected a plain file at ${variable} that can be read, got ${String(error.code)}`);
  }
  try {
    const status = await file.status();
    if (status.type !== 'file') throw new JobFileError(`expected a plain file at ${variable}`);
    if (owner !== null && status.owner !== owner) {
      throw new JobFileError(
        `expected a file of the job's user (uid ${owner}) at ${variable}, got one of uid ${status.owner}`,
      );
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads up to `buffer.length` bytes from `position` on and answers how many came: fewer only where the file ends. */
export async function readFully(file: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const count = await file.read(buffer.subarray(length), position + length);
    if (count === 0) break;
    length += count;
  }
  return length;
}
