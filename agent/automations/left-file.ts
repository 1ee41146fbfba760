import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { OutputsError } from './outputs-error.ts';

/** A file that a command may have left in the attempt's folder. */
export interface LeftFile {
  readonly name: string;
  /** What messages call it. */
  readonly called: string;
  readonly maxBytes: number;
  /** What of a longer one counts: `none` as if it were not there, `tail` its last `maxBytes`; `refuse` is an error. */
  readonly over: 'refuse' | 'none' | 'tail';
}

async function readRange(file: FileHandle, from: number, maxBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(maxBytes);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

async function readBounded(file: FileHandle, { called, maxBytes, over }: LeftFile): Promise<Buffer | null> {
  const status = await file.stat();
  if (!status.isFile()) throw new OutputsError(`expected a plain file at ${called}`);
  if (over === 'tail') return readRange(file, Math.max(0, status.size - maxBytes), maxBytes);
  if (status.size <= maxBytes) return readRange(file, 0, status.size);
  if (over === 'none') return null;
  throw new OutputsError(`expected at most ${maxBytes} bytes of ${called}, got more`);
}

/**
 * Reads one file of `folder`; null where there is none. A link is not followed: it could lead to a file that only the agent may read. A pipe
 * does not block.
 */
export async function readLeftFile(folder: string, left: LeftFile): Promise<Buffer | null> {
  let file: FileHandle;
  try {
    file = await open(`${folder}/${left.name}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new OutputsError(`expected a plain file at ${left.called} that can be read, got ${reason}`);
  }
  try {
    return await readBounded(file, left);
  } finally {
    await file.close();
  }
}
