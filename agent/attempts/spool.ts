import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { FileSystem } from '../../runtime/file-system.ts';
import { isNoSpace } from '../../runtime/is-no-space.ts';
import type { Logger } from '../../runtime/logger.ts';

/** Bytes that may still be written to the file system of `path`. */
export type FreeBytes = (path: string) => number;

/** Synchronous: it asks the kernel, not the disk. */
export const systemFreeBytes: FreeBytes = (path) => {
  const status = statfsSync(path);
  return status.bavail * status.bsize;
};

export interface SpoolLimits {
  /** Of the output of all attempts together; null leaves it to the disk. */
  readonly maxBytes: number | null;
  /** With less than this free, no job is taken. */
  readonly minFreeBytes: number;
  /** Kept aside for the records of attempts on a full disk. */
  readonly reserveBytes: number;
}

export const defaultSpoolLimits: SpoolLimits = { maxBytes: null, minFreeBytes: 256 * 1024, reserveBytes: 128 * 1024 };

/** What is given up of the reserve at a time: a job that still prints takes what comes free, too. */
const sliceBytes = 16 * 1024;

/** With this much free a disk may be full for one who writes by the block. Whether it is, a write must say. */
const suspectBytes = 64 * 1024;
const probeBytes = 16 * 1024;

/** The disk that all attempts of an agent share. */
export interface Spool {
  /** Of the disk; null while it cannot be asked, because the folder is gone. */
  readonly freeBytes: number | null;
  /** There is less than another job must find. Asks the kernel alone. */
  readonly isShort: boolean;
  /** Room for another job's output is there. */
  hasRoom(): Promise<boolean>;
  /** What the attempt's output takes now. */
  note(attempt: string, rawBytes: number): void;
  forget(attempt: string): void;
  /** What the output of all attempts takes. */
  readonly bytes: number;
  /** The output of all attempts is over the bound. */
  readonly isOverBound: boolean;
  /** Next to nothing is left. Only looks: a write to make sure would take room from a program that prints, and hide that it had none. */
  isNearlyFull(): boolean;
  /** The disk is full: whoever printed last lost bytes. Tries a write in the folder where that is in doubt. */
  isFull(folder: string): Promise<boolean>;
  /** Writes what must not fail for want of room: on a full disk the reserve is given up for it, bit by bit. Rejects as `write` does. */
  withReserve(write: () => Promise<void>): Promise<void>;
}

export async function openSpool(options: {
  readonly fs: FileSystem;
  readonly folder: string;
  readonly reserve: string;
  readonly limits: SpoolLimits;
  readonly freeBytes: FreeBytes;
  readonly logger: Logger;
}): Promise<Spool> {
  const { fs, limits, logger } = options;
  const sizes = new Map<string, number>();
  let total = 0;

  async function fill(path: string, bytes: number): Promise<boolean> {
    try {
      await using file = await fs.open(path, 'w');
      await file.write(Buffer.alloc(bytes));
      return true;
    } catch (error) {
      await fs.remove(path);
      if (isNoSpace(error)) return false;
      throw error;
    }
  }

  async function refillReserve(): Promise<void> {
    if ((await fs.lstat(options.reserve))?.size === limits.reserveBytes) return;
    if (!(await fill(options.reserve, limits.reserveBytes))) logger.warn({}, 'no room for the reserve');
  }

  /** False when nothing is left of the reserve. */
  async function giveUpSlice(): Promise<boolean> {
    const size = (await fs.lstat(options.reserve))?.size ?? 0;
    if (size === 0) return false;
    const left = Math.max(0, size - sliceBytes);
    logger.warn({ left }, 'disk full, reserve given up');
    if (left === 0) await fs.remove(options.reserve);
    else {
      await using file = await fs.open(options.reserve, 'r+');
      await file.truncate(left);
    }
    return true;
  }

  function note(attempt: string, rawBytes: number): void {
    total += rawBytes - (sizes.get(attempt) ?? 0);
    sizes.set(attempt, rawBytes);
  }

  function isShort(): boolean {
    if (limits.maxBytes !== null && total >= limits.maxBytes) return true;
    return (readFreeBytes() ?? Infinity) < limits.minFreeBytes;
  }

  function readFreeBytes(): number | null {
    try {
      return options.freeBytes(options.folder);
    } catch {
      return null;
    }
  }

  await refillReserve();
  return {
    get freeBytes() {
      return readFreeBytes();
    },
    get isShort() {
      return isShort();
    },
    async hasRoom() {
      if (isShort()) return false;
      await refillReserve();
      return true;
    },
    note,
    forget(attempt) {
      note(attempt, 0);
      sizes.delete(attempt);
    },
    get bytes() {
      return total;
    },
    get isOverBound() {
      return limits.maxBytes !== null && total > limits.maxBytes;
    },
    isNearlyFull: () => options.freeBytes(options.folder) < probeBytes,
    async isFull(folder) {
      if (options.freeBytes(options.folder) >= suspectBytes) return false;
      const probe = join(folder, 'probe');
      const fits = await fill(probe, probeBytes);
      await fs.remove(probe);
      return !fits;
    },
    async withReserve(write) {
      for (;;) {
        try {
          return await write();
        } catch (error) {
          if (!isNoSpace(error) || !(await giveUpSlice())) throw error;
        }
      }
    },
  };
}
