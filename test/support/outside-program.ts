import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A real program that tests run, or why they are skipped: the `skip` of their suite. */
export interface OutsideProgram {
  /** Absolute, or empty where it is missing. */
  readonly path: string;
  readonly skip: string | false;
}

/** Where `.ci/get-go-program` leaves what it builds. */
function toolsFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['GO_TOOL_DIR'] ?? join(cache, 'farhand-tools');
}

/**
 * Looks in the PATH, where daemons are, in `folders`, and among the built tools. `built` is its file there; `remedy` says how to get it, `proof` what makes it say its version. One that is there and does
 * not start is no reason to skip: it throws.
 */
export function findOutsideProgram(
  name: string,
  {
    built,
    remedy,
    proof = 'version',
    folders: others = [],
  }: {
    readonly built: string | null;
    readonly remedy: string;
    readonly proof?: string;
    readonly folders?: readonly string[];
  },
): OutsideProgram {
  const searched = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;
  const folders = searched.split(delimiter).filter((folder) => folder !== '');
  const places = [...folders, ...others].map((folder) => join(folder, name));
  if (built !== null) places.push(join(toolsFolder(), built));
  const path = places.find((place) => existsSync(place));
  if (path === undefined) return { path: '', skip: `${name} is not on this machine: ${remedy}` };
  execFileSync(path, [proof], { env: { PATH: process.env['PATH'], CHECKPOINT_DISABLE: '1' }, stdio: 'ignore' });
  return { path, skip: false };
}
