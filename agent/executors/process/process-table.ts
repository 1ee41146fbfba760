import { readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../runtime/clock.ts';
import { readMarks } from './process-marks.ts';
import { readProcessStatus } from './process-status.ts';
import { readIdMoment, type StartMark, tellsAge } from './younger-ids.ts';

/**
 * What a sweep found of one attempt. `settled` false: the sweep could not prove that it saw all, so that an empty answer
 * means nothing yet.
 */
export interface Carriers {
  readonly pids: readonly number[];
  /** Those of `pids` that are sinks. */
  readonly sinks: ReadonlySet<number>;
  readonly settled: boolean;
}

/**
 * The processes of this machine, searched for those that carry an attempt's id in their environment.
 *
 * One sweep serves everyone who waits. It begins after they asked, so what they did before is in it; it begins at once
 * when none ran lately, and else leaves most of the time to others.
 *
 * **Why an empty sweep proves that none is left**, though processes fork while it reads: it lists and reads, then lists
 * again and reads what is new, until all that was new could be read. Suppose a carrier is alive after that. At the
 * moment the last listing began some carrier was alive: this one or an ancestor of it, for a mark is only inherited. It
 * is in the last listing, or its child is, because ids are given and listed in rising order (all but the moment when
 * they start again from the lowest). So it was either in an earlier listing and read, or new, and read now: in both
 * cases found. The second listing reads a handful of processes, so this costs half of two sweeps.
 */
export interface ProcessTable {
  find(wanted: Wanted): Promise<Carriers>;
  /** The processes of a group, zombies included. Reads every process: for a group that is known to have some. */
  listGroup(group: number): readonly number[];
}

export interface Wanted {
  readonly attempt: string;
  /** Nothing that carries its id is older: what was there before need not be read. Null where nobody knows. */
  readonly since: StartMark | null;
  /** Called in the moment a carrier is read: what lives shorter than a sweep can only be met then. */
  readonly onSight?: OnSight | undefined;
}

export type OnSight = (pid: number, isSink: boolean) => void;

/** A pass reads this many processes (about 2 ms), then lets other work run. */
const processesPerTurn = 250;
/** A machine that starts processes without pause would keep a sweep going for ever. */
const maxPasses = 20;
/** On a machine so busy that sweeps take long, this is enough of a pause between them. */
const longestPauseMs = 20;
/** A sweep that follows another closer than this need not read again what carried no mark for `strangerAfterMs`. */
const memoryMs = 1_000;
const strangerAfterMs = 2_000;
/** But at least this often it does. */
const wholeSweepEveryMs = 5_000;

interface Waiter extends Wanted {
  readonly resolve: (carriers: Carriers) => void;
}

export function createProcessTable(options: { readonly clock: Clock }): ProcessTable {
  const { clock } = options;
  let waiters: Waiter[] = [];
  let sweeping = false;
  let nextSweepAt = 0;
  /** Since when each process of the last listing was seen without a mark, or as a zombie. */
  let unmarkedSince = new Map<number, number>();
  let lastListingAt = -Infinity;
  let lastWholeSweepAt = -Infinity;

  function request(): void {
    if (sweeping) return;
    sweeping = true;
    const delayMs = nextSweepAt - clock.monotonic();
    if (delayMs <= 0) queueMicrotask(() => void serve());
    else clock.schedule(delayMs, () => void serve());
  }

  async function serve(): Promise<void> {
    const served = waiters;
    waiters = [];
    const startedAt = clock.monotonic();
    const carriers = new Map<string, number[]>();
    const sinks = new Set<number>();
    // Short of descriptors or memory: that is no answer, and whoever asked will ask again.
    const settled = await sweep(served, carriers, sinks).catch(() => false);
    const endedAt = clock.monotonic();
    nextSweepAt = endedAt + Math.min(4 * (endedAt - startedAt), longestPauseMs);
    sweeping = false;
    for (const { attempt, resolve } of served) {
      const pids = carriers.get(attempt) ?? [];
      resolve({ pids, sinks: new Set(pids.filter((pid) => sinks.has(pid))), settled });
    }
    if (waiters.length > 0) request();
  }

  async function sweep(
    served: readonly Waiter[],
    carriers: Map<string, number[]>,
    sinks: Set<number>,
  ): Promise<boolean> {
    let pids = list();
    const done = skipStrangers(pids);
    for (let pass = 0; pass < maxPasses; pass += 1) {
      const oldest = findOldest(served);
      let complete = true;
      let count = 0;
      for (const pid of pids) {
        if (done.has(pid) || pid < oldest) continue;
        count += 1;
        if (count % processesPerTurn === 0) await nextTurn();
        const marks = readMarks(pid);
        if (marks.type !== 'read') complete = false;
        if (marks.type === 'unsure') continue;
        const attempts = marks.type === 'read' ? marks.attempts : [];
        const isSink = marks.type === 'read' && marks.sink;
        if (isSink) sinks.add(pid);
        done.add(pid);
        remember(pid, attempts);
        for (const attempt of attempts) {
          carriers.set(attempt, [...(carriers.get(attempt) ?? []), pid]);
          for (const waiter of served) if (waiter.attempt === attempt) waiter.onSight?.(pid, isSink);
        }
      }
      if (complete && pass > 0) return true;
      if (pass > 1) await nextTurn();
      pids = list();
    }
    return false;
  }

  /** The least id of what was listed just now that may be one of theirs: what is older than all of them need not be read. */
  function findOldest(served: readonly Waiter[]): number {
    const moment = readIdMoment(clock);
    return Math.min(...served.map(({ since }) => (since !== null && tellsAge(since, moment) ? since.pid : 0)));
  }

  /** Processes that were there without a mark through all the sweeps of some seconds: they will not be the job's now. */
  function skipStrangers(pids: readonly number[]): Set<number> {
    const now = clock.monotonic();
    const known = now - lastListingAt > memoryMs ? new Map<number, number>() : unmarkedSince;
    lastListingAt = now;
    unmarkedSince = new Map();
    for (const pid of pids) {
      const since = known.get(pid);
      if (since !== undefined) unmarkedSince.set(pid, since);
    }
    if (now - lastWholeSweepAt > wholeSweepEveryMs) {
      lastWholeSweepAt = now;
      return new Set();
    }
    return new Set(pids.filter((pid) => now - (unmarkedSince.get(pid) ?? now) > strangerAfterMs));
  }

  function remember(pid: number, attempts: readonly string[]): void {
    if (attempts.length > 0) unmarkedSince.delete(pid);
    else if (!unmarkedSince.has(pid)) unmarkedSince.set(pid, clock.monotonic());
  }

  return {
    find: (wanted) =>
      new Promise((resolve) => {
        waiters.push({ ...wanted, resolve });
        request();
      }),
    listGroup: (group) => list().filter((pid) => readProcessStatus(pid)?.group === group),
  };
}

/** The process ids of the moment, rising. Everything else in `/proc` begins with a letter. */
function list(): readonly number[] {
  const pids: number[] = [];
  for (const name of readdirSync('/proc')) if (name < ':') pids.push(Number(name));
  return pids;
}
