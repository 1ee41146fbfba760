import { join } from 'node:path';
import { type FileSystem, partSuffix, writeDurably } from '../../runtime/file-system.ts';

/** An offer of an attempt that is over may still come for so long: the hub remembers ended attempts for longer than this. */
const keptMs = 7 * 24 * 3600 * 1000;

/** The attempts that the hub accepted, kept so that a late or repeated offer of one is never claimed again. */
export interface Tombstones {
  has(attempt: string): Promise<boolean>;
  /** Resolved: durable. Only then may the folder go. */
  add(attempt: string): Promise<void>;
  /** Forgets those older than seven days. */
  sweep(now: number): Promise<void>;
}

export function openTombstones(fs: FileSystem, folder: string): Tombstones {
  return {
    has: async (attempt) => (await fs.lstat(join(folder, attempt))) !== null,
    add: (attempt) => writeDurably(fs, join(folder, attempt), ''),
    async sweep(now) {
      for (const name of await fs.readdir(folder)) {
        const status = await fs.lstat(join(folder, name));
        const old = status !== null && now - status.modifiedAt > keptMs;
        if (old && !name.endsWith(partSuffix)) await fs.remove(join(folder, name));
      }
    },
  };
}
