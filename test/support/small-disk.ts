import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own at `folder`, which is made. Disposing unmounts it; what is in use goes when it is let go. */
export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Takes all the room that is left, until disposed. */
  fill(): Disposable;
  /** From now on nothing can be written to it. */
  makeReadOnly(): void;
}

/** Null where this process may not mount. */
export function mountSmallDisk(folder: string, size: string): SmallDisk | null {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return {
    folder,
    fill() {
      const ballast = join(folder, 'ballast');
      writeUntilFull(ballast);
      return { [Symbol.dispose]: () => rmSync(ballast, { force: true }) };
    },
    makeReadOnly: () => void execFileSync('/bin/mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' }),
    [Symbol.dispose]: () => void execFileSync('/bin/umount', ['-l', folder], { stdio: 'ignore' }),
  };
}

function writeUntilFull(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (const size of [1_048_576, 4_096]) {
      const piece = Buffer.alloc(size);
      while (writesAll(file, piece));
    }
  } finally {
    closeSync(file);
  }
}

function writesAll(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) === piece.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
