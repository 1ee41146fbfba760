/** From where on an agent takes no jobs. Infinity: never for that. */
export interface PressureLimits {
  /** Percent of the time in which something waited for a processor. */
  readonly cpuPercent: number;
  /** Percent of the time in which nothing went on for want of memory. */
  readonly memoryPercent: number;
  /** Percent of the time in which nothing went on but waited for a disk. */
  readonly ioPercent: number;
  /** Where the kernel does not tell of memory pressure: with less than this percentage of memory free. 0: never. */
  readonly minFreeMemoryPercent: number;
  /** How late the event loop of the agent is on average. */
  readonly loopLagMs: number;
}

export interface AdmissionLimits {
  readonly pressure: PressureLimits;
  /** Looks follow each other by this; the kernel makes its figures anew every two seconds. */
  readonly lookEveryMs: number;
  /** Pressure has to last for this long before jobs are refused for it. */
  readonly closeAfterMs: number;
  /** It has to be well below the limit for this long before they are taken again. */
  readonly openAfterMs: number;
}

/**
 * Processors are meant to be busy: an agent whose slots are full of jobs that compute has a pressure of 100 % there, and is well. A job
 * that does nothing but flush keeps a fast disk busy for a quarter of the time, and a slow one for nearly all of it.
 */
export const defaultPressureLimits: PressureLimits = {
  cpuPercent: Infinity,
  memoryPercent: 20,
  ioPercent: 95,
  minFreeMemoryPercent: 5,
  loopLagMs: 2_000,
};

/** Of an agent that takes what it is offered. */
export const noPressureLimits: PressureLimits = {
  cpuPercent: Infinity,
  memoryPercent: Infinity,
  ioPercent: Infinity,
  minFreeMemoryPercent: 0,
  loopLagMs: Infinity,
};

export const defaultAdmissionLimits: AdmissionLimits = {
  pressure: defaultPressureLimits,
  lookEveryMs: 5_000,
  closeAfterMs: 10_000,
  openAfterMs: 15_000,
};
