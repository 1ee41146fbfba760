import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface DiskUsage {
  /** Blocks, as `du` counts. */
  readonly bytes: number;
  readonly files: number;
}

/** Of everything below a path, or of one file. What goes meanwhile, or is not there, counts nothing. */
export async function readDiskUsage(path: string): Promise<DiskUsage> {
  const status = await lstat(path).catch(() => null);
  if (status === null) return { bytes: 0, files: 0 };
  let bytes = status.blocks * 512;
  if (!status.isDirectory()) return { bytes, files: 1 };
  let files = 0;
  for (const name of await readdir(path).catch(() => [])) {
    const below = await readDiskUsage(join(path, name));
    bytes += below.bytes;
    files += below.files;
  }
  return { bytes, files };
}
