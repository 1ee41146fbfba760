import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { PodName } from './runner-place.ts';

const marks = {
  runner: (environment: string) => environment.includes('FARHAND_RUNNER_ORDER='),
  command: (environment: string) => !environment.includes('FARHAND_RUNNER_ORDER='),
} as const;

/** Processes on this machine of a pod's runner, or of its command and the wrapper, the oldest first: by their control group, which names the pod. */
export function findContainer({ uid }: PodName, which: keyof typeof marks): readonly number[] {
  const isOne = (pid: string) => {
    try {
      const group = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
      const isPause = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('pause');
      return group.includes(uid) && !isPause && marks[which](readFileSync(`/proc/${pid}/environ`, 'latin1'));
    } catch {
      return false;
    }
  };
  const found = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOne(pid));
  assert.ok(found.length > 0, `expected processes of the ${which}`);
  return found.map(Number).toSorted((one, other) => one - other);
}

/** The folder of the control group that bounds the memory of a process. */
export function findMemoryGroup(pid: number): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const [, , path = ''] = (lines.find((line) => /^\d+:memory:/.test(line)) ?? lines[0] ?? '').split(':');
  return lines.some((line) => /^\d+:memory:/.test(line)) ? `/sys/fs/cgroup/memory${path}` : `/sys/fs/cgroup${path}`;
}
