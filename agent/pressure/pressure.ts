/** A share of time, in percent, in which work stood still for want of something, and whose work. */
export interface Stall {
  readonly percent: number;
  /** `cgroup`: of the agent's own control group, which is a container or a unit, its jobs included. */
  readonly from: 'machine' | 'cgroup';
}

/** How hard it is to get on here, as the kernel sees it over ten seconds. Null is what it does not tell. */
export interface PressureReading {
  /** Something had to wait for a processor. Near 100 on every machine with more to do than processors. */
  readonly cpu: Stall | null;
  /** Nothing at all went on, for want of memory. */
  readonly memory: Stall | null;
  /** Nothing at all went on, but waited for a disk. */
  readonly io: Stall | null;
  /** Memory that may still be had, in percent of all. */
  readonly freeMemoryPercent: number | null;
}

/** Reads it at this moment. Never throws; takes tens of microseconds. */
export type Pressure = () => PressureReading;

/** Where nobody can tell. */
export const unknownPressure: PressureReading = { cpu: null, memory: null, io: null, freeMemoryPercent: null };
