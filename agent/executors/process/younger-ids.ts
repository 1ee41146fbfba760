import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Clock } from '../../../runtime/clock.ts';

/**
 * The moment at which a process was started, in the giving of ids. They are given in rising order and begin again from the lowest at
 * the end, so as long as there was no time for a whole round, an id says whether its process is younger.
 */
export interface StartMark {
  readonly pid: number;
  /** By the monotonic clock, in milliseconds. */
  readonly at: number;
  /** Ids end here. */
  readonly highestId: number;
}

/** The giving of ids as it stands. */
export interface IdMoment {
  /** The id that was given last; null where nobody knows. */
  readonly newest: number | null;
  readonly at: number;
}

/** Ids below are given once, at the boot, and never again. */
const reservedIds = 300;

/**
 * A processor gives ids no faster. Time is the measure because no counter of the system is one: a fork that a limit on processes refuses takes an id,
 * and is not counted. That is the fastest way through a round, at 9 µs an id where it was measured.
 */
const idMs = 0.002;

const processors = cpus().length;

/** Marks the start of a process that was started a moment ago; null where the system does not tell what that takes. */
export function markStart(pid: number, clock: Clock): StartMark | null {
  const { newest, at } = readIdMoment(clock);
  const highestId = readNumber('/proc/sys/kernel/pid_max', /^(\d+)/);
  if (newest === null || highestId === null) return null;
  // Another namespace's `/proc` counts other ids.
  const behind = newest - pid;
  return behind >= 0 && behind < reservedIds ? { pid, at, highestId } : null;
}

/** To be read after the ids that it is to tell of were listed. */
export function readIdMoment(clock: Clock): IdMoment {
  // proc_loadavg(5): of this process's namespace.
  return { newest: readNumber('/proc/loadavg', / (\d+)\n$/), at: clock.monotonic() };
}

/**
 * Whether ids that were listed before `moment` are given to younger processes exactly if they are not below the mark's. False when
 * they began again from the lowest, and when nobody knows.
 */
export function tellsAge({ pid, at, highestId }: StartMark, moment: IdMoment): boolean {
  const roundMs = ((highestId - reservedIds) * idMs) / processors;
  return moment.newest !== null && moment.newest >= pid && moment.at - at < roundMs;
}

function readNumber(path: string, pattern: RegExp): number | null {
  try {
    const found = pattern.exec(readFileSync(path, 'latin1'));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}
