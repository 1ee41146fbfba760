import { readFileSync } from 'node:fs';

/** How many files and connections this process may have open; null where the system does not tell (`/proc`). */
export function readDescriptorLimit(): number | null {
  try {
    const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === 'unlimited' ? Infinity : Number(soft);
  } catch {
    return null;
  }
}
