import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCgroupFolder } from './cgroup-folder.ts';
import type { Pressure, Stall } from './pressure.ts';

type Resource = 'cpu' | 'memory' | 'io';
type Line = 'some' | 'full';

/**
 * Pressure by PSI (docs.kernel.org/accounting/psi.html), of the machine and of the agent's own control group: whichever is worse. In a
 * container `/proc/pressure` is that of the whole machine. A kernel without PSI, or with `psi=0`, has no files or refuses to read them
 * (`EOPNOTSUPP`), a container may not see them: then it is unknown. `root` is `/` but in tests.
 */
export function createLinuxPressure(root = '/'): Pressure {
  const folder = findCgroupFolder(root);

  function readStall(resource: Resource, line: Line): Stall | null {
    const machine = parseStall(readText(join(root, 'proc/pressure', resource)), line);
    const own = folder === null ? null : parseStall(readText(join(folder, `${resource}.pressure`)), line);
    if (own !== null && own > (machine ?? -1)) return { percent: own, from: 'cgroup' };
    return machine === null ? null : { percent: machine, from: 'machine' };
  }

  return () => ({
    cpu: readStall('cpu', 'some'),
    memory: readStall('memory', 'full'),
    io: readStall('io', 'full'),
    freeMemoryPercent: parseFreeMemory(readText(join(root, 'proc/meminfo'))),
  });
}

/** `some avg10=1.53 avg60=0.87 avg300=0.22 total=58761459`, and a line `full` likewise, which `cpu` of older kernels lacks. */
function parseStall(text: string, line: Line): number | null {
  const [, percent] = new RegExp(String.raw`^${line} avg10=(\d{1,3}(?:\.\d+)?) `, 'm').exec(text) ?? [];
  return percent === undefined ? null : Number(percent);
}

function parseFreeMemory(text: string): number | null {
  const read = (name: string) =>
    Number(new RegExp(String.raw`^${name}: +(\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const percent = (100 * read('MemAvailable')) / read('MemTotal');
  return Number.isFinite(percent) ? percent : null;
}

/** Empty for what is not there or may not be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
