import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode } from './has-code.ts';

/**
 * Makes a folder that only its owner may use, and those above it, where they are not there. `mkdirSync` of Node with `recursive` never comes
 * back where a folder that is there answers `ENOENT` to a new one in it, as `/proc` does. Throws what the system says, or what is in the way.
 */
export function makeFolders(path: string): void {
  try {
    makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if (!hasCode(error, 'ENOENT') || parent === path) throw error;
    makeFolders(parent);
    makeOne(path);
  }
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) return;
    const what = found === undefined ? 'a link that leads nowhere' : 'not a folder';
    throw new Error(`${path} is ${what}`, { cause });
  }
}
