import type { Clock } from '../../../runtime/clock.ts';
import { hasMembers, isOurselves, signalGroup, signalProcess } from './process-group.ts';
import { type ProcessStatus, readProcessStatus } from './process-status.ts';
import type { OnSight, ProcessTable } from './process-table.ts';
import type { StartMark } from './younger-ids.ts';

/** The wrapper as a process: the id is the tree's process group too. */
export interface Leader {
  readonly pid: number;
  readonly startTime: string | null;
}

export type TreeSignal = 'SIGTERM' | 'SIGKILL';

/**
 * All processes of an attempt, started by us or by an earlier agent: the group that the wrapper leads, and whatever
 * carries the attempt's id. A process that left the group *and* wiped its environment is not seen.
 */
export interface ProcessTree {
  /** Rejects when this process is too short of something (descriptors, memory) to look whom to signal. */
  signal(signal: TreeSignal): Promise<void>;
  /** As of an execution. What could not be proved to be gone counts as one. */
  clear(options: { readonly graceMs: number; readonly boundMs: number }): Promise<{ readonly escaped: number }>;
}

type Finding = {
  readonly members: readonly ProcessStatus[];
  readonly sinks: ReadonlySet<number>;
  readonly settled: boolean;
};

const noSinks: ReadonlySet<number> = new Set();

/** Nothing was found, and nothing proved: this process is too short of something to look. */
const unproven: Finding = { members: [], sinks: noSinks, settled: false };

const shortestWaitMs = 1;
const longestWaitMs = 50;

/** `leader` null: not known, or no longer to be trusted. Then the attempt's id alone decides. */
export function createProcessTree(options: {
  readonly attempt: string;
  readonly leader: Leader | null;
  /** The leader's start, once it is known that nothing of the attempt is older; null as long as it may be. */
  readonly since: () => StartMark | null;
  /** Null where the system has no process table: then the group alone decides. */
  readonly table: ProcessTable | null;
  readonly clock: Clock;
}): ProcessTree {
  const { attempt, leader, since, table, clock } = options;
  /** Who got a TERM: some programs take a second one for "at once". */
  const told = new Set<string>();

  async function find(onSight?: OnSight): Promise<Finding> {
    if (table === null) return { members: findGroupWithoutTable(), sinks: noSinks, settled: true };
    const carriers = await table.find({ attempt, since: since(), onSight });
    const pids = new Set([...carriers.pids, ...findGroup()]);
    const members = [...pids].flatMap((pid) => {
      const status = readProcessStatus(pid);
      return status?.alive === true ? [status] : [];
    });
    // A carrier that ended meanwhile may have left a child that is younger than the sweep.
    const vanished = carriers.pids.some((pid) => !members.some((member) => member.pid === pid));
    return {
      members: members.filter(({ pid }) => !isOurselves(pid)),
      sinks: carriers.sinks,
      settled: carriers.settled && !vanished,
    };
  }

  /** The group, unless the id went to another process meanwhile: an id is not given again while a group has it. */
  function ownGroup(): number | null {
    if (leader === null || !hasMembers(leader.pid)) return null;
    const now = readProcessStatus(leader.pid);
    return now === null || now.startTime === leader.startTime ? leader.pid : null;
  }

  function findGroup(): readonly number[] {
    const group = ownGroup();
    return group === null || table === null ? [] : table.listGroup(group);
  }

  function findGroupWithoutTable(): readonly ProcessStatus[] {
    if (leader === null || !hasMembers(leader.pid)) return [];
    const { pid } = leader;
    return [
      { pid, alive: true, parent: 0, group: pid, session: pid, startTime: '', environmentBytes: null, ofKernel: false },
    ];
  }

  /** Signals the whole group at once, and says which it was; null when nobody was told, or all had been. */
  function tellGroup(name: TreeSignal): number | null {
    const group = ownGroup();
    if (group === null || (name === 'SIGTERM' && told.has(`group ${group}`))) return null;
    told.add(`group ${group}`);
    return signalGroup(group, name) ? group : null;
  }

  /**
   * Signals the members one by one, but for those of the group that was told just now, and for sinks: they end by themselves when
   * nobody is left to write, unless `sinksToo`.
   */
  function tellMembers(
    { members, sinks }: Finding,
    name: TreeSignal,
    { toldGroup, sinksToo }: { readonly toldGroup: number | null; readonly sinksToo: boolean },
  ): void {
    for (const member of members) {
      if (sinks.has(member.pid) && !sinksToo) continue;
      const key = `${member.pid} ${member.startTime}`;
      const reached = member.group === toldGroup || (name === 'SIGTERM' && told.has(key));
      if (!reached && isStill(member)) signalProcess(member.pid, name);
      told.add(key);
    }
  }

  async function signal(name: TreeSignal): Promise<void> {
    told.clear();
    const toldGroup = tellGroup(name);
    tellMembers(await find(), name, { toldGroup, sinksToo: false });
  }

  /** Looks who is there and tells them. */
  async function look(name: TreeSignal, sinksToo: boolean): Promise<Finding> {
    const kill: OnSight = (pid, isSink) => {
      if (sinksToo || !isSink) signalProcess(pid, 'SIGKILL');
    };
    try {
      const finding = await find(name === 'SIGKILL' ? kill : undefined);
      if (finding.members.length > 0) tellMembers(finding, name, { toldGroup: tellGroup(name), sinksToo });
      return finding;
    } catch {
      return unproven;
    }
  }

  async function clear(bounds: { readonly graceMs: number; readonly boundMs: number }): Promise<{ escaped: number }> {
    const startedAt = clock.monotonic();
    const endAt = startedAt + bounds.boundMs;
    const killAt = Math.min(startedAt + bounds.graceMs, endAt);
    const killSinksAt = (killAt + endAt) / 2;
    let waitMs = shortestWaitMs;
    let kills = 0;
    for (;;) {
      const lookedAt = clock.monotonic();
      const killing = lookedAt >= killAt;
      const { members, settled } = await look(killing ? 'SIGKILL' : 'SIGTERM', lookedAt >= killSinksAt);
      if (members.length === 0 && settled) return { escaped: 0 };
      const now = clock.monotonic();
      if (kills > 0 && now >= endAt) return { escaped: Math.max(members.length, settled ? 0 : 1) };
      if (killing) kills += 1;
      waitMs = kills === 1 ? shortestWaitMs : Math.min(2 * waitMs, longestWaitMs);
      await pause(clock, Math.max(Math.min(waitMs, (killing ? endAt : killAt) - now), shortestWaitMs));
    }
  }

  return { signal, clear };
}

function isStill(member: ProcessStatus): boolean {
  return readProcessStatus(member.pid)?.startTime === member.startTime;
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.schedule(delayMs, resolve));
}
