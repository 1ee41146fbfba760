import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel tells of a process. All of them throw when it is gone. */

/** CPU time so far of all its threads, without that of its children. In clock ticks of 10 ms: proc_pid_stat(5). */
export function readCpuMs(pid: number): number {
  const words = readStat(pid);
  return 10 * (Number(words[11]) + Number(words[12]));
}

export interface Memory {
  /** Resident, pages that it shares with others counted whole. */
  readonly residentKb: number;
  /** Resident, with its part of what it shares: what sums up over processes. */
  readonly proportionalKb: number;
}

export function readMemory(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]);
  return { residentKb: read('Rss'), proportionalKb: read('Pss') };
}

export function readName(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
}

/** Its children, their children, and so on, as they are at this moment. */
export function findDescendants(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = readParent(Number(name));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
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

function readParent(pid: number): number | null {
  try {
    return Number(readStat(pid)[1]);
  } catch {
    return null;
  }
}

/** The words behind the name, which may hold anything: the state is the first. */
function readStat(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
}
