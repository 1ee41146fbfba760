import type { FileHandle } from 'node:fs/promises';
import type { LogMoment } from './log-store.ts';
import { writeFully } from './write-fully.ts';

/**
 * The index of times beside a log: records of 16 bytes, two little-endian doubles: offset in the log, milliseconds since 1970. Both
 * grow from record to record. It is never flushed by itself: what a power loss takes from it makes times coarser, not wrong.
 */
const recordBytes = 16;

function encodeMoments(moments: readonly LogMoment[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(moments.length * recordBytes);
  moments.forEach((moment, index) => {
    bytes.writeDoubleLE(moment.offset, index * recordBytes);
    bytes.writeDoubleLE(moment.at, index * recordBytes + 8);
  });
  return bytes;
}

/** Answers how many records the file has that tell of bytes before `length`: a torn last one, and those of bytes that were lost, do not count. */
export async function countMoments(handle: FileHandle, length: number): Promise<number> {
  return findFirst(handle, await countRecords(handle), (moment) => moment.offset >= length);
}

export async function appendMoments(handle: FileHandle, count: number, moments: readonly LogMoment[]): Promise<void> {
  await writeFully(handle, [encodeMoments(moments)], count * recordBytes);
}

/** The records that tell the times of the bytes from `start` to `end`: the last at or before `start` too. */
export async function readMoments(handle: FileHandle, start: number, end: number): Promise<LogMoment[]> {
  const count = await countRecords(handle);
  const after = await findFirst(handle, count, (moment) => moment.offset > start);
  const first = Math.max(after - 1, 0);
  const last = await findFirst(handle, count, (moment) => moment.offset >= end);
  return readRecords(handle, first, Math.max(last, first));
}

async function countRecords(handle: FileHandle): Promise<number> {
  return Math.floor((await handle.stat()).size / recordBytes);
}

/** Index of the first of `count` records for which `test` holds, given that it holds for all after it; `count` if for none. */
async function findFirst(handle: FileHandle, count: number, test: (moment: LogMoment) => boolean): Promise<number> {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [moment] = await readRecords(handle, middle, middle + 1);
    if (moment === undefined || test(moment)) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function readRecords(handle: FileHandle, first: number, end: number): Promise<LogMoment[]> {
  const bytes = Buffer.alloc((end - first) * recordBytes);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, first * recordBytes);
  return Array.from({ length: Math.floor(bytesRead / recordBytes) }, (_, index) => ({
    offset: bytes.readDoubleLE(index * recordBytes),
    at: bytes.readDoubleLE(index * recordBytes + 8),
  }));
}
