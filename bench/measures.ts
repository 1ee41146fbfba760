import type { Measure } from './bench.ts';
import { jobs } from './measures/jobs.ts';
import { latency } from './measures/latency.ts';
import { log } from './measures/log.ts';

/** In the order in which they run. */
export const measures: readonly Measure[] = [latency, jobs, log];
