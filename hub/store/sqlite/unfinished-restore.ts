import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store-error.ts';

/** Lies in a data folder while `farhand restore` fills it. */
export const unfinishedRestore = 'restore-unfinished';

/** Throws `StoreError` (`broken`) for a folder that holds a part of a backup: a hub on it would not know what it is missing. */
export function refuseUnfinishedRestore(folder: string): void {
  if (!existsSync(join(folder, unfinishedRestore))) return;
  throw new StoreError(
    'broken',
    `${folder} holds a restore that did not get to its end: run "farhand restore" with it once more, or give the hub another folder`,
  );
}
