import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** Linux makes a random one at every boot. Source: random(4). */
const bootIdFile = '/proc/sys/kernel/random/boot_id';
const tenMinutes = 600;

/**
 * Tells one boot of the machine from the next: a process that was started in another boot is gone. Where the system has no such id, it is
 * made of the time of the boot, coarse enough that a corrected clock is not taken for a boot.
 */
export function readMachineBootId(): string {
  try {
    return readFileSync(bootIdFile, 'utf8').trim();
  } catch {
    return `booted-${Math.round((Date.now() / 1000 - uptime()) / tenMinutes)}`;
  }
}
