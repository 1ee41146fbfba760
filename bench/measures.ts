import type { Measure } from './bench.ts';
import { agents } from './measures/agents.ts';
import { jobs } from './measures/jobs.ts';
import { kubernetes } from './measures/kubernetes.ts';
import { latency } from './measures/latency.ts';
import { log } from './measures/log.ts';
import { memory } from './measures/memory.ts';
import { resync } from './measures/resync.ts';
import { start } from './measures/start.ts';
import { wiresSideBySide } from './measures/wires.ts';

/** In the order in which they run. */
export const measures: readonly Measure[] = [
  latency,
  jobs,
  log,
  memory,
  start,
  agents,
  resync,
  wiresSideBySide,
  kubernetes,
];
