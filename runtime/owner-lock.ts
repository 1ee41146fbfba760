import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolders } from './make-folders.ts';

/** Somebody else owns the folder, or the lock file cannot be used. */
export class OwnerLockError extends Error {
  override readonly name = 'OwnerLockError';
  readonly code: 'locked' | 'unusable';

  constructor(code: 'locked' | 'unusable', message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

const sqliteBusy = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === sqliteBusy;
}

/**
 * Makes this process the one owner of a data folder until the lock is disposed or the process ends, however it ends; makes the
 * folder (0700) where there is none. It is an EXCLUSIVE SQLite transaction on `owner.lock`, because the kernel drops it with the
 * process, which no pid file does after kill -9 or across namespaces. Throws `OwnerLockError`.
 */
export function takeOwnerLock(folder: string): Disposable {
  const path = join(folder, 'owner.lock');
  let database: DatabaseSync | undefined;
  try {
    makeFolders(folder);
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('begin exclusive');
  } catch (cause) {
    database?.close();
    if (isBusy(cause)) {
      throw new OwnerLockError(
        'locked',
        `the data folder ${folder} belongs to another running farhand process: stop that one, or give this one a folder of its own (FARHAND_DATA)`,
        { cause },
      );
    }
    throw new OwnerLockError(
      'unusable',
      `cannot lock the data folder ${folder}: expected to be able to write ${path}, got ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const held = database;
  return {
    [Symbol.dispose]: () => {
      if (held.isOpen) held.close();
    },
  };
}
