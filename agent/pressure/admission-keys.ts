import type { ConfigOf, ConfigSchema } from '../../runtime/configuration/config-key.ts';
import { oneOf, orNever, percent, wholeNumber } from '../../runtime/configuration/formats.ts';
import { defaultPressureLimits, noPressureLimits, type PressureLimits } from './admission-limits.ts';

/** When an agent takes no jobs. */
export const admissionKeys = {
  admission: {
    variable: 'FARHAND_ADMISSION',
    doc: 'Whether jobs are taken under pressure. measured: not above the limits of FARHAND_ADMISSION_…; always: whatever is measured. Jobs that run are not touched.',
    format: oneOf('measured', 'always'),
    default: 'measured',
    sensitive: false,
  },
  admissionMemory: {
    variable: 'FARHAND_ADMISSION_MEMORY',
    doc: 'No jobs are taken above this memory pressure: percent of the time in which nothing here went on for want of memory.',
    format: orNever(percent),
    default: String(defaultPressureLimits.memoryPercent),
    sensitive: false,
  },
  admissionIo: {
    variable: 'FARHAND_ADMISSION_IO',
    doc: 'No jobs are taken above this disk pressure: percent of the time in which nothing here went on but waited for a disk.',
    format: orNever(percent),
    default: String(defaultPressureLimits.ioPercent),
    sensitive: false,
  },
  admissionCpu: {
    variable: 'FARHAND_ADMISSION_CPU',
    doc: 'No jobs are taken above this pressure on processors: percent of the time in which something here waited for one. It is near 100 wherever jobs compute, which is no trouble in itself.',
    format: orNever(percent),
    default: 'never',
    sensitive: false,
  },
  admissionLoopLagMs: {
    variable: 'FARHAND_ADMISSION_LOOP_LAG_MS',
    doc: 'No jobs are taken while the event loop of the agent itself is late by more milliseconds than this, on average.',
    format: orNever(wholeNumber({ from: 10, to: 60_000 })),
    default: String(defaultPressureLimits.loopLagMs),
    sensitive: false,
  },
  admissionFreeMemory: {
    variable: 'FARHAND_ADMISSION_FREE_MEMORY',
    doc: 'Where the kernel does not tell of memory pressure: no jobs are taken with less of the memory available than this percentage. 0: it does not matter.',
    format: wholeNumber({ from: 0, to: 100 }),
    default: String(defaultPressureLimits.minFreeMemoryPercent),
    sensitive: false,
  },
} as const satisfies ConfigSchema;

export function toPressureLimits(config: ConfigOf<typeof admissionKeys>): PressureLimits {
  if (config.admission === 'always') return noPressureLimits;
  return {
    cpuPercent: config.admissionCpu,
    memoryPercent: config.admissionMemory,
    ioPercent: config.admissionIo,
    minFreeMemoryPercent: config.admissionFreeMemory,
    loopLagMs: config.admissionLoopLagMs,
  };
}
