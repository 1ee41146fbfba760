import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Workplace } from './workplace.ts';

const run = promisify(execFile);

/** Path of the program as it is published: what `npm pack` makes, unpacked in a folder of its own. */
export async function packProgram(workplace: Workplace): Promise<string> {
  const folder = workplace.path('package');
  await mkdir(folder);
  await workplace.finish(pack(folder));
  const [tarball = ''] = await readdir(folder);
  await run('tar', ['-xzf', tarball], { cwd: folder });
  return join(folder, 'package/cli/farhand.mjs');
}

/** In a group of its own, out of reach of Ctrl-C: cut short, it would leave its own `package.json` in the checkout. */
async function pack(folder: string): Promise<void> {
  const options = { cwd: join(import.meta.dirname, '..'), detached: true };
  await run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], options);
}
