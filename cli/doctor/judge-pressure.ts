import type { PressureReading } from '../../agent/pressure/pressure.ts';
import { type Found, ok, skipped } from './check.ts';

/** No fault: an agent that cannot tell takes jobs all the same. */
export function judgePressure({ memory, io, freeMemoryPercent }: PressureReading): Found {
  if (memory !== null && io !== null) {
    const whose = memory.from === 'cgroup' ? ' of its control group' : '';
    return ok(
      `the kernel tells of it: memory${whose} ${Math.round(memory.percent)} %, disk ${Math.round(io.percent)} %`,
    );
  }
  const instead = freeMemoryPercent === null ? 'nothing' : `free memory (${Math.round(freeMemoryPercent)} %)`;
  return skipped(`the kernel does not tell (psi=1 on its command line may help); the agent goes by ${instead}`);
}
