import { join } from 'node:path';
import { type FileSystem, readSmallFile } from '../../runtime/file-system.ts';

/** An offer of an attempt that is over may still come for so long: the hub remembers ended attempts for longer than this. */
const keptMs = 7 * 24 * 3600 * 1000;

/** Of an attempt's id, which begins with its time: a file holds what was made within some 65 seconds. */
const prefixLength = 8;

/** Of an id; behind half a line, of a disk that was full, the last so many characters of a line are one. */
const idLength = 36;
/** More than a busy agent adds to one file. */
const maxRemembered = 20_000;

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
  /** What the file holds that was added to last, because each offer asks. Nobody but the one who adds knows when it changes. */
  let remembered: { readonly path: string; readonly ids: Set<string> } | null = null;

  /** One at a time: nothing is added to a file while it is removed or read. */
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = turn.then(step);
    turn = done.catch(() => {});
    return done;
  }

  function fileOf(attempt: string): string {
    return join(folder, attempt.slice(0, prefixLength));
  }

  async function write(path: string, attempts: readonly string[]): Promise<void> {
    await using file = await fs.open(path, 'a', 0o600);
    await file.write(Buffer.from(attempts.map((attempt) => `${attempt}\n`).join('')));
    if (remembered?.path === path) for (const attempt of attempts) remembered.ids.add(attempt);
    await Promise.all([file.sync(), path === namedFile ? null : fs.syncFolder(folder)]);
    namedFile = path;
  }

  function read(path: string): Promise<ReadonlySet<string>> {
    return inTurn(async () => {
      const bytes = await readSmallFile(fs, path);
      const lines = bytes === null ? [] : Buffer.from(bytes).toString('latin1').split('\n');
      const ids = new Set(lines.map((line) => line.slice(-idLength)));
      if (path === namedFile) remembered = ids.size > maxRemembered ? null : { path, ids };
      return ids;
    });
  }

  return {
    async has(attempt) {
      const path = fileOf(attempt);
      const ids = remembered?.path === path ? remembered.ids : await read(path);
      return ids.has(attempt);
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
          if (path === remembered?.path) remembered = null;
        });
      }
    },
  };
}
