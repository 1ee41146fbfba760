import { readFileSync } from 'node:fs';

/** The command that tells when it ran, by a clock that a container shares with its machine and that every image can read: to 10 ms. */
export const machineMomentCommand = ['cat', '/proc/uptime'] as const;

/** What it printed, in milliseconds. */
export function parseMachineMoment(printed: string): number {
  if (!/^\d+\.\d\d \d+\.\d\d\s*$/.test(printed)) throw new Error(`expected an uptime, got ${JSON.stringify(printed)}`);
  return 1000 * Number(printed.split(' ', 1)[0]);
}

/** By the same clock, now. */
export function readMachineMoment(): number {
  return parseMachineMoment(readFileSync('/proc/uptime', 'latin1'));
}
