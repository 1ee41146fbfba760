import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** A file system of its own at `folder`, which is made. Disposing unmounts it; what is in use goes when it is let go. */
export interface SmallDisk extends Disposable {
  readonly folder: string;
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
    makeReadOnly: () => void execFileSync('/bin/mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' }),
    [Symbol.dispose]: () => void execFileSync('/bin/umount', ['-l', folder], { stdio: 'ignore' }),
  };
}
