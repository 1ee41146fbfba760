import type { Metric } from './metrics-text.ts';

const startedAt = Date.now() / 1000 - process.uptime();

/** What Prometheus knows of any process, under the names that its own libraries use. */
export function readProcessMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    {
      type: 'counter',
      name: 'process_cpu_seconds_total',
      help: 'Time of processors that the process used, in seconds.',
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      type: 'gauge',
      name: 'process_resident_memory_bytes',
      help: 'Memory of the process, in bytes.',
      samples: [{ value: process.memoryUsage.rss() }],
    },
    {
      type: 'gauge',
      name: 'process_start_time_seconds',
      help: 'When the process started, in seconds since 1970.',
      samples: [{ value: startedAt }],
    },
  ];
}
