import { readProcessStatus } from './process-status.ts';

/** What `/proc` counts start times in, whatever the kernel's own tick is: `USER_HZ`. */
const tickMs = 10;

/**
 * How long ago a process of this boot was started, in milliseconds, by no clock that anybody can set: against the start of this process,
 * whose age is known. Null where the system tells no start times.
 */
export function toProcessAge(startTime: string | null): number | null {
  const own = readProcessStatus(process.pid)?.startTime ?? null;
  if (own === null || startTime === null) return null;
  const age = process.uptime() * 1_000 + (Number(own) - Number(startTime)) * tickMs;
  return Number.isFinite(age) ? Math.max(0, age) : null;
}
