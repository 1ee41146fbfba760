import { constants } from 'node:fs';
import { type FileHandle, lstat, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import type { JobLogTarget } from './job-log-target.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/** A link is not followed, and a pipe that somebody put there holds up nobody. */
const flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;

/** Its group may read it: a collector need not be root. The umask may take that back. */
const mode = 0o640;

/** How long lines may still go to a file that was renamed, where nobody said so. */
const lookEveryMs = 1000;

/** Left free on the disk of the file: the spool of the jobs, or their own files, may be on it too. */
const usualMinFreeBytes = 4 * 1024 * 1024;

const lineFeed = 0x0a;

/**
 * A file that grows at its end, whoever else cuts, renames or removes it: each batch is one appending write, so that several agents may
 * share a file of a local file system. Every call goes through the thread pool: a slow disk holds up nobody.
 */
class FileTarget implements JobLogTarget {
  readonly place: string;
  readonly #clock: Clock;
  readonly #minFreeBytes: number;
  #file: FileHandle | null = null;
  #lookAt = 0;

  constructor(path: string, { clock, minFreeBytes = usualMinFreeBytes }: FileTargetOptions) {
    this.place = path;
    this.#clock = clock;
    this.#minFreeBytes = minFreeBytes;
  }

  async prepare(): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.place));
    if (bavail * bsize < this.#minFreeBytes) throw new Error(`less than ${this.#minFreeBytes} bytes are free there`);
    if (this.#file !== null && this.#clock.monotonic() >= this.#lookAt) {
      if (await this.#wasMoved(this.#file)) await this.close();
      this.#lookAt = this.#clock.monotonic() + lookEveryMs;
    }
    this.#file ??= await this.#open();
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#file === null) throw new Error('expected prepare before write');
    return (await this.#file.write(bytes)).bytesWritten;
  }

  reopen(): void {
    this.#lookAt = 0;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  async #open(): Promise<FileHandle> {
    const file = await open(this.place, flags, mode);
    try {
      const status = await file.stat();
      if (!status.isFile()) throw new Error('expected a file; for standard output say FARHAND_JOB_LOG=stdout');
      await endTornLine(file, status.size);
      this.#lookAt = this.#clock.monotonic() + lookEveryMs;
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #wasMoved(file: FileHandle): Promise<boolean> {
    const ours = await file.stat();
    const there = await lstat(this.place).catch(() => null);
    return there === null || there.ino !== ours.ino || there.dev !== ours.dev;
  }
}

/** An agent that died, or a disk that was full, may have left half a line: the next one must not be glued to it. */
async function endTornLine(file: FileHandle, size: number): Promise<void> {
  if (size === 0) return;
  const last = Buffer.alloc(1);
  const { bytesRead } = await file.read(last, 0, 1, size - 1);
  if (bytesRead === 1 && last[0] !== lineFeed) await file.write('\n');
}

export interface FileTargetOptions {
  readonly clock: Clock;
  /** With less than this free on its disk nothing is written. */
  readonly minFreeBytes?: number;
}

export function createFileTarget(path: string, options: FileTargetOptions): JobLogTarget {
  return new FileTarget(path, options);
}
