import { chown, open, rm, stat } from 'node:fs/promises';
import { hasCode } from '../../runtime/has-code.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** Writes and flushes a file where nothing is yet. Rejects with `Failure` where something is. */
export async function writeNewFile(path: string, text: string, mode: number): Promise<void> {
  try {
    await using file = await open(path, 'wx', mode);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      throw new Failure(exitCodes.usage, `${path} is there already, and is not overwritten`, [
        'Renew it: farhand certs renew FILE; or write beside it: --folder FOLDER',
      ]);
    }
    throw new Failure(
      exitCodes.usage,
      `cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`,
      ['Name another folder: --folder FOLDER'],
    );
  }
}

/** Writes what is to take the place of `path` to `beside`, with the same owner: whoever then renames it changes `path` in one step. */
export async function writeBeside(options: {
  readonly path: string;
  readonly beside: string;
  readonly text: string;
  readonly mode: number;
}): Promise<void> {
  const { path, beside, text, mode } = options;
  const old = await stat(path).catch(() => null);
  await rm(beside, { force: true });
  await writeNewFile(beside, text, mode);
  // What root replaces is still for the user of the hub.
  if (old !== null && process.getuid?.() === 0) await chown(beside, old.uid, old.gid);
}
