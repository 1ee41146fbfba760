import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/**
 * Leaves a running process no more than `spare` file descriptors, until disposed. Those that it has open stay. Throws where the system has
 * no `prlimit`.
 */
export function limitDescriptors(pid: number, spare: number): Disposable {
  const highest = Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number));
  const before = execFileSync('prlimit', ['--pid', String(pid), '--nofile', '--output', 'SOFT', '--noheadings'])
    .toString()
    .trim();
  const set = (soft: string) => void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]);
  set(String(highest + 1 + spare));
  return {
    [Symbol.dispose]() {
      try {
        set(before);
      } catch {
        // The process is gone.
      }
    },
  };
}
