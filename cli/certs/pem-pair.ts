import { chown, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../runtime/has-code.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** A certificate and its private key, in PEM. */
export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

export interface PemPaths {
  readonly certificate: string;
  readonly key: string;
}

const keyMode = 0o600;
const certificateMode = 0o644;

/** Writes a pair where nothing is yet. Rejects with `Failure` where something is: a key that is overwritten is gone. */
export async function writeNewPair(paths: PemPaths, { certificate, key }: PemPair): Promise<void> {
  await mkdir(dirname(paths.key), { recursive: true, mode: 0o700 });
  await writeNew(paths.key, key, keyMode);
  try {
    await writeNew(paths.certificate, certificate, certificateMode);
  } catch (error) {
    await rm(paths.key, { force: true });
    throw error;
  }
}

/**
 * Puts a pair in the place of one that is there, with the same owner. Each file is whole at any moment; between the two renames they do not
 * belong together, which a hub that looks just then sees and waits out.
 */
export async function replacePair(paths: PemPaths, { certificate, key }: PemPair): Promise<void> {
  const files = [
    { path: paths.key, text: key, mode: keyMode },
    { path: paths.certificate, text: certificate, mode: certificateMode },
  ];
  for (const { path, text, mode } of files) {
    const old = await stat(path).catch(() => null);
    await rm(`${path}.new`, { force: true });
    await writeNew(`${path}.new`, text, mode);
    // A key that root renews is still for the user of the hub.
    if (old !== null && process.getuid?.() === 0) await chown(`${path}.new`, old.uid, old.gid);
  }
  for (const { path } of files) await rename(`${path}.new`, path);
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
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
