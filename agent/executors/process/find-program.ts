import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where a program is looked for when a command's environment has no PATH. */
const defaultPath = '/usr/local/bin:/usr/bin:/bin';

/** The file that running `program` would execute, by the rules of a POSIX shell; null when there is none that can be. */
export function findProgram(
  program: string,
  options: { readonly path: string | undefined; readonly workingDirectory: string },
): string | null {
  if (program.includes('/')) {
    const file = resolve(options.workingDirectory, program);
    return isExecutable(file) ? file : null;
  }
  for (const folder of (options.path ?? defaultPath).split(':')) {
    const file = resolve(options.workingDirectory, folder, program);
    if (isExecutable(file)) return file;
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
