import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** The program as it is published, in a folder of its own. */
export async function packProgram(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-bench-package-'));
  await execa('npm', ['pack', '--pack-destination', folder], { cwd: join(import.meta.dirname, '..') });
  const [tarball = ''] = await readdir(folder);
  await execa('tar', ['-xzf', tarball], { cwd: folder });
  return {
    path: join(folder, 'package/cli/farhand.mjs'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
