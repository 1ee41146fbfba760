import type { z } from 'zod';
import { parseJson } from '../protocol/parse.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { type FileSystem, readSmallFile } from '../runtime/file-system.ts';
import { type FirstWrite, syncWithName, writeDurably, writeWhole } from '../runtime/write-file.ts';

/** One JSON file that must outlive the process. */
export interface RecordFile<T> {
  readonly path: string;
  /**
   * The record, durable from here on: what an earlier process wrote, and may not have flushed, is flushed before it is
   * believed. Null when there is none; a torn file was never acted on and counts as none.
   */
  read(): Promise<T | null>;
  write(record: T): Promise<void>;
  /** Whole for whoever comes after this process, and not durable yet. */
  put(record: T): Promise<void>;
  /** Makes durable what was put, which is written again where it is not there any more as it was. */
  flush(record: T): Promise<void>;
}

/** `first`: of a record whose mere presence says nothing, a first write may be torn. */
export function recordFile<T>(
  fs: FileSystem,
  path: string,
  schema: z.ZodType<T>,
  first: FirstWrite = 'whole',
): RecordFile<T> {
  async function read(): Promise<T | null> {
    const bytes = await readSmallFile(fs, path);
    if (bytes === null) return null;
    try {
      const record = parseJson(schema, bytes, path);
      await sync();
      return record;
    } catch (error) {
      if (error instanceof ProtocolError) return null;
      throw error;
    }
  }

  async function sync(): Promise<void> {
    await using handle = await fs.open(path, 'r');
    await syncWithName(fs, path, handle);
  }

  return {
    path,
    read,
    write: (record) => writeDurably(fs, path, JSON.stringify(record), first),
    put: (record) => writeWhole(fs, path, JSON.stringify(record), first),
    async flush(record) {
      const text = JSON.stringify(record);
      const found = await readSmallFile(fs, path);
      if (found !== null && Buffer.from(text).equals(found)) await sync();
      else await writeDurably(fs, path, text, first);
    },
  };
}
