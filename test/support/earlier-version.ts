import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The program as it was at an earlier commit, or why tests of it are skipped. */
export interface EarlierVersion {
  readonly skip: string | false;
  /** Unpacks its sources, to be run with the packages of this checkout. */
  unpack(): Unpacked;
}

export interface Unpacked extends AsyncDisposable {
  readonly program: string;
}

export function findEarlierVersion(commit: string): EarlierVersion {
  return {
    skip: isThere(commit)
      ? false
      : `the history of the sources is not here (no commit ${commit}): clone the whole repository to run this`,
    unpack() {
      const folder = mkdtempSync(join(tmpdir(), 'farhand-earlier-'));
      const archive = execFileSync('git', ['archive', commit], { cwd: root, maxBuffer: 256 * 1024 * 1024 });
      execFileSync('tar', ['-x', '-C', folder], { input: archive });
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      return {
        program: join(folder, 'cli/farhand.mjs'),
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
      };
    },
  };
}

function isThere(commit: string): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
