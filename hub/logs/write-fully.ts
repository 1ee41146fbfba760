import type { FileHandle } from 'node:fs/promises';

/** Buffers that one system call takes. */
const maxBuffers = 512;

/** Writes all of `buffers` from `position` on: a single call may write less than it was given, above all when the disk is nearly full. */
export async function writeFully(handle: FileHandle, buffers: readonly Uint8Array[], position: number): Promise<void> {
  let rest = [...buffers];
  let offset = position;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest.slice(0, maxBuffers), offset);
    offset += bytesWritten;
    rest = dropBytes(rest, bytesWritten);
  }
}

function dropBytes(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  let index = 0;
  for (const buffer of buffers) {
    if (buffer.length > left) break;
    left -= buffer.length;
    index++;
  }
  const rest = buffers.slice(index);
  const first = rest[0];
  if (left > 0 && first !== undefined) rest[0] = first.subarray(left);
  return rest;
}
