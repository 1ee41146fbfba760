import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { takeOwnerLock } from '../../runtime/owner-lock.ts';
import type { Random } from '../../runtime/random.ts';

/** A folder that nobody else looks into. Disposing removes it. */
export interface Workspace extends AsyncDisposable {
  readonly folder: string;
}

const prefix = '.farhand-backup-';

/**
 * Makes a folder of its own in `parent`, on the same disk as what comes out of it. What processes that were killed left there goes: the kernel
 * has dropped their locks.
 */
export async function openWorkspace(parent: string, random: Random): Promise<Workspace> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await removeAbandoned(join(parent, name));
  }
  const folder = join(parent, `${prefix}${random.uuid()}`);
  await mkdir(folder, { mode: 0o700 });
  const lock = takeOwnerLock(folder);
  return {
    folder,
    async [Symbol.asyncDispose]() {
      lock[Symbol.dispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function removeAbandoned(folder: string): Promise<void> {
  try {
    takeOwnerLock(folder)[Symbol.dispose]();
  } catch {
    // Somebody works in it.
    return;
  }
  await rm(folder, { recursive: true, force: true });
}
