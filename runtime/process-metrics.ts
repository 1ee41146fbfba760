import { readdirSync } from 'node:fs';
import { readDescriptorLimit } from './descriptor-limit.ts';
import type { Metric } from './metrics-text.ts';

const startedAt = Date.now() / 1000 - process.uptime();

/** What Prometheus knows of any process, under the names that its own libraries use. File descriptors only where `/proc` tells of them. */
export function readProcessMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  return [
    {
      type: 'counter',
      name: 'process_cpu_seconds_total',
      help: 'Time of processors that the process used, in seconds.',
      samples: [{ value: (user + system) / 1e6 }],
    },
    gauge('process_resident_memory_bytes', 'Memory of the process, in bytes.', rss),
    gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.', startedAt),
    ...readDescriptors(),
    gauge('nodejs_heap_size_used_bytes', 'Memory that objects of the program take, in bytes.', heapUsed),
    gauge('nodejs_heap_size_total_bytes', 'Memory that is set aside for objects of the program, in bytes.', heapTotal),
    gauge(
      'nodejs_external_memory_bytes',
      'Memory that objects of the program hold outside of the heap, in bytes.',
      external,
    ),
    gauge('nodejs_array_buffers_bytes', 'Part of the external memory that buffers take, in bytes.', arrayBuffers),
  ];
}

function readDescriptors(): readonly Metric[] {
  try {
    // One of them is the folder that is being read.
    const open = readdirSync('/proc/self/fd').length - 1;
    const most = readDescriptorLimit();
    return [
      gauge('process_open_fds', 'File descriptors that are open.', open),
      ...(most === null ? [] : [gauge('process_max_fds', 'File descriptors that may be open.', most)]),
    ];
  } catch {
    return [];
  }
}

function gauge(name: string, help: string, value: number): Metric {
  return { type: 'gauge', name, help, samples: [{ value }] };
}
