import { join } from 'node:path';
import type { FileHandle, FileSystem } from '../../runtime/file-system.ts';
import { JobFileError, openJobFile, readFully } from './job-file.ts';
import { OutputsError } from './outputs-error.ts';

/** A file that a command may have left. */
export interface LeftFile {
  readonly name: string;
  /** Whose folder it is in: the command's own, or that of its log. */
  readonly of: 'command' | 'log';
  /** What messages call it. */
  readonly called: string;
  readonly maxBytes: number;
  /** What of a longer one counts: `none` as if it were not there, `tail` its last `maxBytes`; `refuse` is an error. */
  readonly over: 'refuse' | 'none' | 'tail';
}

export interface LeftPlace {
  readonly fs: FileSystem;
  /** Where the command's own files are. */
  readonly folder: string;
  /** The user that the command ran as, where that is not the agent's own. */
  readonly owner: number | null;
  /** Where its log is. */
  readonly logFolder: string;
}

async function readRange(file: FileHandle, from: number, maxBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(maxBytes);
  return buffer.subarray(0, await readFully(file, buffer, from));
}

async function readBounded(file: FileHandle, { called, maxBytes, over }: LeftFile): Promise<Buffer | null> {
  const size = await file.size();
  if (over === 'tail') return readRange(file, Math.max(0, size - maxBytes), maxBytes);
  if (size <= maxBytes) return readRange(file, 0, size);
  if (over === 'none') return null;
  throw new OutputsError(`expected at most ${maxBytes} bytes of ${called}, got more`);
}

/** Reads one file that a command may have left; null where there is none. Rejects with `OutputsError` where something else is in its place. */
export async function readLeftFile(place: LeftPlace, left: LeftFile): Promise<Buffer | null> {
  const path = join(left.of === 'command' ? place.folder : place.logFolder, left.name);
  const owner = left.of === 'command' ? place.owner : null;
  try {
    const file = await openJobFile(place.fs, path, { owner, variable: left.called });
    if (file === null) return null;
    try {
      return await readBounded(file, left);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof JobFileError ? new OutputsError(error.message) : error;
  }
}
