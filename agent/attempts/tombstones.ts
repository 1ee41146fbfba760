import { join } from 'node:path';
import { type FileSystem, readSmallFile } from '../../runtime/file-system.ts';

/** An offer of an attempt that is over may still come for so long: the hub remembers ended attempts for longer than this. */
const keptMs = 7 * 24 * 3600 * 1000;

/** Of an attempt's id, which begins with its time: a file holds what was made within some 65 seconds. */
const prefixLength = 8;

/**
 * The attempts that the hub accepted, kept so that a late or repeated offer of one is never claimed again: their ids, a line each, in
 * files named by how the ids begin. A file for each attempt would be made, found and removed each time, and be millions in a week.
 */
export interface Tombstones {
  has(attempt: string): Promise<boolean>;
  /** Resolved: durable. Only then may the folder go. Those that come together share one flush. */
  add(attempt: string): Promise<void>;
  /** Forgets those older than seven days. */
  sweep(now: number): Promise<void>;
}

export function openTombstones(fs: FileSystem, folder: string): Tombstones {
  let turn: Promise<unknown> = Promise.resolve();
  let gathering: { readonly attempts: string[]; readonly written: Promise<void> } | null = null;
  /** The file whose name is known to be durable: one that an earlier process made need not be. */
  let namedFile = '';

  /** One at a time: nothing is added to a file while it is removed. */
  function inTurn(step: () => Promise<void>): Promise<void> {
    const done = turn.then(step);
    turn = done.catch(() => {});
    return done;
  }

  function fileOf(attempt: string): string {
    return join(folder, attempt.slice(0, prefixLength));
  }

  async function write(path: string, attempts: readonly string[]): Promise<void> {
    await using file = await fs.open(path, 'a', 0o600);
    // Half a line, of a disk that was full, may come before these: an id is found all the same.
    await file.write(Buffer.from(attempts.map((attempt) => `${attempt}\n`).join('')));
    await Promise.all([file.sync(), path === namedFile ? null : fs.syncFolder(folder)]);
    namedFile = path;
  }

  return {
    async has(attempt) {
      const bytes = await readSmallFile(fs, fileOf(attempt));
      return bytes !== null && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(attempt);
    },
    add(attempt) {
      if (gathering === null) {
        const attempts: string[] = [];
        const written = inTurn(async () => {
          gathering = null;
          for (const [path, ids] of Map.groupBy(attempts, fileOf)) await write(path, ids);
        });
        gathering = { attempts, written };
      }
      gathering.attempts.push(attempt);
      return gathering.written;
    },
    async sweep(now) {
      for (const name of await fs.readdir(folder)) {
        const path = join(folder, name);
        await inTurn(async () => {
          const status = await fs.lstat(path);
          if (status === null || now - status.modifiedAt <= keptMs) return;
          await fs.remove(path);
          if (path === namedFile) namedFile = '';
        });
      }
    },
  };
}
