import { readFileSync } from 'node:fs';

/**
 * The moment at which a process was started, in the giving of ids. They are given in rising order and begin again from the lowest at
 * the end, so as long as there were too few forks for a whole round, an id says whether its process is younger.
 */
export interface StartMark {
  readonly pid: number;
  /** Of the machine since its boot, threads included: each takes an id. */
  readonly forks: number;
  /** Ids end here. */
  readonly highestId: number;
}

/** Ids below are given once, at the boot, and never again. */
const reservedIds = 300;

/** Marks the start of a process that was started a moment ago; null where the system does not tell what that takes. */
export function markStart(pid: number): StartMark | null {
  const newest = readNewestId();
  const forks = readForks();
  const highestId = readNumber('/proc/sys/kernel/pid_max', /^(\d+)/);
  if (newest === null || forks === null || highestId === null) return null;
  // Another namespace's `/proc` counts other ids.
  const behind = newest - pid;
  return behind >= 0 && behind < reservedIds ? { pid, forks, highestId } : null;
}

/**
 * Whether ids that were listed before this call are given to younger processes exactly if they are not below the mark's. False when
 * they began again from the lowest, and when nobody knows.
 */
export function tellsAge({ pid, forks, highestId }: StartMark): boolean {
  const newest = readNewestId();
  const now = readForks();
  if (newest === null || now === null) return false;
  // Half a round: a fork that failed may have taken an id that is not counted.
  return newest >= pid && now - forks < (highestId - reservedIds) / 2;
}

/** The id that was given last, in this process's namespace: proc_loadavg(5). */
function readNewestId(): number | null {
  return readNumber('/proc/loadavg', / (\d+)\n$/);
}

function readForks(): number | null {
  return readNumber('/proc/stat', /^processes (\d+)$/m);
}

function readNumber(path: string, pattern: RegExp): number | null {
  try {
    const found = pattern.exec(readFileSync(path, 'latin1'));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}
