import type { Clock } from '../../runtime/clock.ts';
import type { FileSystem } from '../../runtime/file-system.ts';
import type { MemoryDisk } from './memory-disk.ts';
import { createMemoryFileSystem, type DiskFault } from './memory-file-system.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** A machine's disk as one process has it: mostly fast, now and then slow. `clock` is the world's. */
export function openDisk(options: {
  readonly disk: MemoryDisk;
  readonly process: SimulatedProcess;
  /** Changed while it runs. */
  readonly faults: DiskFault[];
  readonly clock: Clock;
  readonly random: SeededRandom;
}): FileSystem {
  const { clock, random, ...disk } = options;
  return createMemoryFileSystem({
    ...disk,
    wait: (delayMs) => new Promise((resolve) => void clock.schedule(delayMs, resolve)),
    flushMs: () => random.below(8),
    accessMs: () => (random.happens(0.2) ? random.below(random.pick([5, 12, 80])) : 0),
  });
}
