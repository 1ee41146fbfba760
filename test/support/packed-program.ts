import { execFile } from 'node:child_process';
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OwnerLockError, takeOwnerLock } from '../../runtime/owner-lock.ts';
import { version } from '../../runtime/version.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** Packing writes to the checkout: one at a time, whichever test files run beside each other. */
function takeTurn(): Disposable | null {
  try {
    return takeOwnerLock(join(root, 'node_modules/.packing'));
  } catch (error) {
    if (error instanceof OwnerLockError && error.code === 'locked') return null;
    throw error;
  }
}

/** Makes the package as a release has it, and resolves with its file: `farhand-VERSION.tgz` in `folder`. */
export async function packProgram(folder: string): Promise<string> {
  using _turn = await until('nobody else to pack', takeTurn);
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root });
  return join(folder, `farhand-${version}.tgz`);
}

/** Makes another release of a package: the same program, which says another version. Resolves with its file, beside the other. */
export async function repackAs(file: string, otherVersion: string): Promise<string> {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-repack-'));
  await run('tar', ['-xzf', file, '-C', place.path]);
  const dist = join(place.path, 'package/dist');
  const files = (await readdir(dist)).filter((name) => name.endsWith('.js')).map((name) => join(dist, name));
  for (const path of [join(place.path, 'package/package.json'), ...files]) {
    const text = await readFile(path, 'utf8');
    const changed = text.replaceAll(/("?version"?: ?)"(.*?)"/g, (whole, key: string, value: string) =>
      value === version ? `${key}"${otherVersion}"` : whole,
    );
    if (changed !== text) await writeFile(path, changed);
  }
  const other = join(file, '..', `farhand-${otherVersion}.tgz`);
  await run('tar', ['-czf', other, '-C', place.path, 'package']);
  return other;
}
