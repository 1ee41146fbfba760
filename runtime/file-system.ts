import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/** An open file. Closing twice does nothing; everything else on a closed one rejects. */
export interface FileHandle extends AsyncDisposable {
  /** Reads from `position` into `buffer` and resolves with how many bytes came: fewer than fit near the end, 0 at it. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes` at `position`; without one at the end of what this handle wrote, or of the file when opened with `a`. */
  write(bytes: Uint8Array, position?: number): Promise<void>;
  /** Resolves when everything written to the file so far, by whomever, is on the disk. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  /** What was opened, whatever is under its name by now. */
  status(): Promise<FileStatus>;
  close(): Promise<void>;
}

/** `r` read, `r+` read and write what is there, `w` make or empty, `wx` make and fail when there is one, `a` append. */
export type OpenFlags = 'r' | 'r+' | 'w' | 'wx' | 'a';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;

/** What a job put in the place of a file leads nowhere: a link is not followed, and a pipe does not hold up this process. */
const careful = O_NOFOLLOW | O_NONBLOCK;
const systemFlags: Readonly<Record<OpenFlags, number>> = {
  r: O_RDONLY | careful,
  'r+': O_RDWR | careful,
  w: O_WRONLY | O_CREAT | O_TRUNC | careful,
  wx: O_WRONLY | O_CREAT | O_EXCL | careful,
  a: O_WRONLY | O_CREAT | O_APPEND | careful,
};

export interface FileStatus {
  readonly type: 'file' | 'folder' | 'other';
  readonly size: number;
  /** Wall time in whole milliseconds. */
  readonly modifiedAt: number;
  /** Number of the user whose it is. */
  readonly owner: number;
}

/**
 * The file operations that durability rests on, as a dependency, so that a simulation can put a disk in memory in their
 * place: one that loses what was not flushed.
 *
 * A failure rejects with an error whose `code` is the system's (`ENOENT`, `EEXIST`, `ENOSPC` …). Modes are subject to
 * the umask. Nothing is durable before `sync` of the file *and* `syncFolder` of the folder that names it. The last part of
 * a path is never followed when it is a symbolic link.
 */
export interface FileSystem {
  open(path: string, flags: OpenFlags, mode?: number): Promise<FileHandle>;
  /** The whole file, whatever its size: where others may have written, see `readSmallFile`. */
  readFile(path: string): Promise<Uint8Array>;
  /** Of a file or folder, whatever the umask is. */
  chmod(path: string, mode: number): Promise<void>;
  /** Names in a folder, in no order. */
  readdir(path: string): Promise<readonly string[]>;
  /** What is there, not following a symbolic link; null when nothing is. */
  lstat(path: string): Promise<FileStatus | null>;
  mkdir(path: string, options?: { readonly mode?: number; readonly recursive?: boolean }): Promise<void>;
  /** A second name for a file. Exclusive: fails with `EEXIST` when `path` is taken, also under a race. */
  link(existing: string, path: string): Promise<void>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Removes a file or a whole folder; nothing there is no failure. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in the folder are on the disk. */
  syncFolder(path: string): Promise<void>;
}

/**
 * Up to this many bytes a read or write runs on the calling thread. A hop to the thread pool costs 60 to 150 µs, such a
 * call on the page cache about 10.
 */
const maxInlineBytes = 16 * 1024;

/** More than this is removed by the thread pool: freeing the blocks of a large file takes its time. */
const maxInlineRemoval = 1024 * 1024;
const maxInlineNames = 32;

const flush = promisify(fsync);
const readInPool = promisify(read);
const writeInPool = promisify(write);

/**
 * The disk of this machine. Calls that only touch names and the page cache are synchronous inside; flushes, bulk and
 * deleting large folders go to the thread pool, where flushes of many callers share the disk's commit.
 */
export const systemFileSystem: FileSystem = {
  open: async (path, flags, mode = 0o600) => openHandle(openSync(path, systemFlags[flags], mode)),
  readFile: async (path) => readFileSync(path, { flag: systemFlags.r }),
  chmod: async (path, mode) => {
    const descriptor = openSync(path, systemFlags.r);
    try {
      fchmodSync(descriptor, mode);
    } finally {
      closeSync(descriptor);
    }
  },
  readdir: async (path) => readdirSync(path),
  lstat: async (path) => {
    const status = lstatSync(path, { throwIfNoEntry: false });
    return status === undefined ? null : toStatus(status);
  },
  mkdir: async (path, options) => {
    mkdirSync(path, { mode: options?.mode ?? 0o700, recursive: options?.recursive ?? false });
  },
  link: async (existing, path) => linkSync(existing, path),
  rename: async (from, to) => renameSync(from, to),
  unlink: async (path) => unlinkSync(path),
  remove: async (path) => {
    if (!removeSmallFolder(path)) await rm(path, { recursive: true, force: true });
  },
  syncFolder: async (path) => {
    const descriptor = openSync(path, 'r');
    try {
      await flush(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
};

function toStatus(stats: Stats): FileStatus {
  const type = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
  return { type, size: stats.size, modifiedAt: Math.floor(stats.mtimeMs), owner: stats.uid };
}

/**
 * Removes a file or a folder of few small files at once: a hop to the thread pool for each would cost ten times that. False
 * when there is more to it, and much or nothing was removed.
 */
function removeSmallFolder(path: string): boolean {
  try {
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status === undefined) return true;
    if (!status.isDirectory()) {
      if (status.size > maxInlineRemoval) return false;
      unlinkSync(path);
      return true;
    }
    const names = readdirSync(path);
    if (names.length > maxInlineNames) return false;
    for (const name of names) {
      const found = lstatSync(`${path}/${name}`);
      if (found.isDirectory() || found.size > maxInlineRemoval) return false;
      unlinkSync(`${path}/${name}`);
    }
    rmdirSync(path);
    return true;
  } catch {
    // What is in the way, or came meanwhile, is for whoever can wait and try again.
    return false;
  }
}

const maxSmallBytes = 64 * 1024 * 1024;

/** A file that others may write to: null where there is none, and where something else, or too much, is under its name. */
export async function readSmallFile(fs: FileSystem, path: string): Promise<Uint8Array | null> {
  const status = await fs.lstat(path);
  return status?.type === 'file' && status.size <= maxSmallBytes ? fs.readFile(path) : null;
}

function openHandle(descriptor: number): FileHandle {
  // A descriptor's number is given to another file as soon as it is closed, so it must not close under a pool thread.
  const inFlight = new Set<Promise<unknown>>();
  let open = true;

  function use(): number {
    if (!open) throw Object.assign(new Error('Expected an open file, this one was closed'), { code: 'EBADF' });
    return descriptor;
  }

  async function inPool<T>(call: Promise<T>): Promise<T> {
    inFlight.add(call);
    try {
      return await call;
    } finally {
      inFlight.delete(call);
    }
  }

  async function close(): Promise<void> {
    if (!open) return;
    open = false;
    await Promise.allSettled(inFlight);
    closeSync(descriptor);
  }

  return {
    read: async (buffer, position) => {
      if (buffer.length <= maxInlineBytes) return readSync(use(), buffer, 0, buffer.length, position);
      return (await inPool(readInPool(use(), buffer, 0, buffer.length, position))).bytesRead;
    },
    write: async (bytes, position) => {
      for (let done = 0; done < bytes.length; ) {
        const length = bytes.length - done;
        const at = position === undefined ? null : position + done;
        done +=
          length <= maxInlineBytes
            ? writeSync(use(), bytes, done, length, at)
            : (await inPool(writeInPool(use(), bytes, done, length, at))).bytesWritten;
      }
    },
    sync: async () => inPool(flush(use())),
    truncate: async (length) => ftruncateSync(use(), length),
    size: async () => fstatSync(use()).size,
    status: async () => toStatus(fstatSync(use())),
    close,
    [Symbol.asyncDispose]: close,
  };
}
