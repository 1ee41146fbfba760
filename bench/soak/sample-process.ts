import { readdirSync, readFileSync } from 'node:fs';
import { readCpuMs } from '../process-facts.ts';

/** What the kernel tells of a process. */
export interface ProcessSample {
  readonly residentBytes: number;
  readonly threads: number;
  readonly descriptors: number;
  readonly cpuMs: number;
}

/** Null when it is gone. */
export function sampleProcess(pid: number): ProcessSample | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    return {
      residentBytes: read('VmRSS') * 1024,
      threads: read('Threads'),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      cpuMs: readCpuMs(pid),
    };
  } catch {
    return null;
  }
}
