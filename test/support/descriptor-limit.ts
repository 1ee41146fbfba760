import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/**
 * Leaves a running process no more than `spare` file descriptors, until disposed. Those that it has open stay. Throws where the system has
 * no `prlimit`. To give them back starts a program, which takes about a dozen: whoever limits its own process leaves `enoughToStart`, and
 * has closed them again by then.
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
      } catch (error) {
        // A process that is gone needs none.
        if (existsSync(`/proc/${pid}`)) throw error;
      }
    },
  };
}

/** Descriptors with which Node.js can start a program and wait for it. */
export const enoughToStart = 32;
