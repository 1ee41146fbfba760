import type { z } from 'zod';
import { parseJson } from '../protocol/parse.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { type FileSystem, readSmallFile, writeDurably, writeWhole } from '../runtime/file-system.ts';

/** One JSON file that must outlive the process. */
export interface RecordFile<T> {
  readonly path: string;
  /**
   * The record, durable from here on: what an earlier process wrote, and may not have flushed, is flushed before it is
   * believed. Null when there is none; a torn file was never acted on and counts as none.
   */
  read(): Promise<T | null>;
  write(record: T): Promise<void>;
  /** Whole for whoever comes after this process, and not durable yet: `write` it again for that. */
  put(record: T): Promise<void>;
}

export function recordFile<T>(fs: FileSystem, path: string, schema: z.ZodType<T>): RecordFile<T> {
  async function read(): Promise<T | null> {
    const bytes = await readSmallFile(fs, path);
    if (bytes === null) return null;
    try {
      const record = parseJson(schema, bytes, path);
      await using handle = await fs.open(path, 'r');
      await Promise.all([handle.sync(), fs.syncFolder(path.slice(0, path.lastIndexOf('/')))]);
      return record;
    } catch (error) {
      if (error instanceof ProtocolError) return null;
      throw error;
    }
  }
  return {
    path,
    read,
    write: (record) => writeDurably(fs, path, JSON.stringify(record)),
    put: (record) => writeWhole(fs, path, JSON.stringify(record)),
  };
}
