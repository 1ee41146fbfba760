import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const container = join(import.meta.dirname, '../../deploy/container');

/**
 * Resolves with the archive of the image of this checkout: the one that `IMAGE_ARCHIVE` names, or one that is built into `folder`, which takes a minute or more.
 * Rejects with what is missing where it cannot be built.
 */
export async function provideImage(folder: string): Promise<string> {
  const built = process.env['IMAGE_ARCHIVE'];
  if (built !== undefined) return built;
  const archive = join(folder, 'farhand.tar');
  await promisify(execFile)(join(container, 'make-image'), [archive], { maxBuffer: 64 << 20 });
  return archive;
}
