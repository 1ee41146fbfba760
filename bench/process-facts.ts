import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What the kernel tells of processes. */

/** CPU time so far of all its threads, without that of its children. In clock ticks of 10 ms: proc_pid_stat(5). Throws when it is gone. */
export function readCpuMs(pid: number): number {
  const words = readStat(pid);
  return 10 * (Number(words[11]) + Number(words[12]));
}

export interface Memory {
  /** Resident, pages that it shares with others counted whole. */
  readonly residentBytes: number;
  /** Resident, with its part of what it shares: what sums up over processes. */
  readonly proportionalBytes: number;
}

/** Throws when it is gone. */
export function readMemory(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
  return { residentBytes: read('Rss'), proportionalBytes: read('Pss') };
}

/** Empty when it is gone. */
export function readName(pid: number): string {
  return attempt(() => readFileSync(`/proc/${pid}/comm`, 'latin1').trim()) ?? '';
}

/** Where it works. Empty when it is gone, or somebody else's. */
export function readWorkingFolder(pid: number): string {
  return attempt(() => readlinkSync(`/proc/${pid}/cwd`)) ?? '';
}

export function listProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Its children, their children, and so on, as they are at this moment. */
export function findDescendants(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const id of listProcesses()) {
    const parent = attempt(() => Number(readStat(id)[1]));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), id]);
  }
  const found: number[] = [];
  const waiting = [pid];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const own = children.get(next) ?? [];
    found.push(...own);
    waiting.push(...own);
  }
  return found;
}

/** A process may be gone between finding it and reading of it. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The words behind the name, which may hold anything: the state is the first. */
function readStat(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
}
