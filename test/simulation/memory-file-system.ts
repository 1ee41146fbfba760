import type { FileHandle, FileSystem, OpenFlags } from '../../runtime/file-system.ts';
import type { FileNode } from './disk-node.ts';
import { diskError, type MemoryDisk } from './memory-disk.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What a disk answers instead of doing what it was asked. */
export interface DiskFault {
  readonly code: 'EIO' | 'ENOSPC';
  readonly on: 'write' | 'flush';
  /** So many others of its kind come before it. */
  left: number;
}

export interface MemoryFileSystemOptions {
  readonly disk: MemoryDisk;
  readonly process: SimulatedProcess;
  /** Of the machine: a flush ends whether or not the one who asked for it lives. */
  readonly wait: (delayMs: number) => Promise<void>;
  readonly flushMs: () => number;
  /** How long anything else takes: mostly nothing. */
  readonly accessMs: () => number;
  /** Changed while it runs: a fault that happened is taken out. */
  readonly faults: DiskFault[];
}

/** The disk as one process has it. Each call is an operation of that process. */
export function createMemoryFileSystem(options: MemoryFileSystemOptions): FileSystem {
  const { disk, process, wait, flushMs, accessMs, faults } = options;

  function through<Result>(name: string, work: () => Promise<Result> | Result): Promise<Result> {
    return process.through(`disk ${name}`, async () => {
      const delayMs = accessMs();
      if (delayMs > 0) await wait(delayMs);
      return process.isAlive ? work() : new Promise<never>(() => {});
    });
  }

  function fail(on: DiskFault['on'], path: string): void {
    const index = faults.findIndex((fault) => fault.on === on);
    const fault = faults[index];
    if (fault === undefined) return;
    if (fault.left > 0) {
      fault.left -= 1;
      return;
    }
    faults.splice(index, 1);
    throw diskError(fault.code, path);
  }

  async function flush(path: string, begin: () => () => void): Promise<void> {
    fail('flush', path);
    const done = begin();
    await wait(flushMs());
    done();
  }

  function toHandle(path: string, file: FileNode, flags: OpenFlags): FileHandle {
    let open = true;
    let end = flags === 'a' ? null : 0;
    const use = (): FileNode => {
      if (!open) throw diskError('EBADF', path);
      return file;
    };
    const close = async () => {
      open = false;
    };
    return {
      read: (buffer, position) =>
        through(`read ${path}`, () => {
          const bytes = use().bytes.subarray(position, position + buffer.length);
          buffer.set(bytes);
          return bytes.length;
        }),
      write: (bytes, position) =>
        through(`write ${path}`, () => {
          fail('write', path);
          const at = position ?? end ?? use().bytes.length;
          disk.write(use(), bytes, { at });
          if (position === undefined && end !== null) end = at + bytes.length;
        }),
      sync: () => through(`sync ${path}`, () => flush(path, () => disk.beginFlush(use()))),
      truncate: (length) => through(`truncate ${path}`, () => disk.truncate(use(), length)),
      size: () => through(`size ${path}`, () => use().bytes.length),
      status: () =>
        through(`status ${path}`, () => {
          const { bytes, modifiedAt } = use();
          return { type: 'file', size: bytes.length, modifiedAt: Math.floor(modifiedAt), owner: 0 };
        }),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  return {
    open: (path, flags) =>
      through(`open ${path} ${flags}`, () => {
        if (flags !== 'r' && flags !== 'r+') fail('write', path);
        return toHandle(path, disk.open(path, flags), flags);
      }),
    readFile: (path) => through(`readFile ${path}`, () => Uint8Array.from(disk.readFile(path))),
    chmod: (path) =>
      through(`chmod ${path}`, () => {
        if (disk.lstat(path) === null) throw diskError('ENOENT', path);
      }),
    readdir: (path) => through(`readdir ${path}`, () => disk.list(path)),
    lstat: (path) => through(`lstat ${path}`, () => disk.lstat(path)),
    mkdir: (path, { recursive = false } = {}) => through(`mkdir ${path}`, () => disk.mkdir(path, recursive)),
    link: (existing, path) => through(`link ${path}`, () => disk.link(existing, path)),
    rename: (from, to) => through(`rename ${to}`, () => disk.rename(from, to)),
    unlink: (path) => through(`unlink ${path}`, () => disk.unlink(path)),
    remove: (path) => through(`remove ${path}`, () => disk.remove(path)),
    syncFolder: (path) => through(`syncFolder ${path}`, () => flush(path, () => disk.beginFolderFlush(path))),
  };
}
