import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toDataFolder } from '../data-folder.ts';
import { toNeighbourPlace } from '../executors/neighbour/neighbour-place.ts';
import { neighbourWrapperText } from '../executors/neighbour/wrapper-text.ts';

/** Where the neighbour's container finds what it runs under, in the folder that it shares. */
export const podPrograms = { shell: 'bin/sh', wrapper: 'bin/wrapper' } as const;

/**
 * Makes what a runner and its neighbour meet in: the folders, the pipes, the wrapper and a shell for images that have none. Both may run as whomever the pod
 * says: what is made belongs to the group of the folder, which is the pod's. A second time it changes nothing that is in use.
 * Throws what the system says.
 */
export function preparePod({
  shared,
  memory,
  shell,
}: {
  readonly shared: string;
  readonly memory: string;
  /** A shell that needs no library; null where the neighbour's image has one. */
  readonly shell: string | null;
}): void {
  const place = toNeighbourPlace({ shared, memory });
  const folder = toDataFolder(shared);
  for (const path of [shared, memory, folder.attempts, join(shared, 'bin')]) mkdirSync(path, { recursive: true });
  mkdirSync(folder.tombstones, { recursive: true, mode: 0o700 });
  // The two volumes themselves are the platform's, which gave them to the pod's group.
  chmodSync(folder.attempts, 0o3770);
  for (const path of [place.orders, place.alive]) makePipe(path);
  // What an earlier try of this container left says nothing of the neighbour, which comes after it.
  rmSync(place.here, { force: true });
  writeFileSync(join(shared, podPrograms.wrapper), neighbourWrapperText);
  chmodSync(join(shared, podPrograms.wrapper), 0o550);
  if (shell === null) return;
  copyFileSync(shell, join(shared, podPrograms.shell));
  chmodSync(join(shared, podPrograms.shell), 0o550);
}

function makePipe(path: string): void {
  if (existsSync(path)) return;
  const { status, stderr, error } = spawnSync('mkfifo', [path], { encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`expected mkfifo to make the pipe ${path}, got: ${error?.message ?? stderr.trim()}`, {
      cause: error,
    });
  }
  chmodSync(path, 0o660);
}
