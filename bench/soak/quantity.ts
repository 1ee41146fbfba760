export type Unit = 'bytes' | 'count' | 'percent' | 'seconds' | 'per second';

/** One chart. */
export interface Quantity {
  readonly key: string;
  readonly title: string;
  readonly unit: Unit;
  /** What its rise over the second half must exceed to be called one. Null: it is shown, and not judged. */
  readonly floor: number | null;
}

const mebibyte = 1024 * 1024;

/** In the order of the report. The first are read of each process. */
export const quantities = [
  { key: 'resident', title: 'Resident memory', unit: 'bytes', floor: 2 * mebibyte },
  { key: 'heap', title: 'Heap in use', unit: 'bytes', floor: mebibyte },
  { key: 'external', title: 'External memory, array buffers included', unit: 'bytes', floor: mebibyte },
  { key: 'buffers', title: 'Array buffers', unit: 'bytes', floor: mebibyte },
  { key: 'descriptors', title: 'Open descriptors', unit: 'count', floor: 3 },
  { key: 'threads', title: 'Threads', unit: 'count', floor: 1 },
  { key: 'lag', title: 'Loop lag, 99th percentile', unit: 'seconds', floor: 0.01 },
  { key: 'cpu', title: 'CPU, of one core', unit: 'percent', floor: 3 },
  { key: 'disk', title: 'Disk of the data folders', unit: 'bytes', floor: 4 * mebibyte },
  { key: 'files', title: 'Files in the data folders', unit: 'count', floor: 50 },
  { key: 'rows', title: 'Rows of the store', unit: 'count', floor: 200 },
  { key: 'queue', title: 'Jobs that have not ended', unit: 'count', floor: 10 },
  { key: 'open', title: 'Sessions and readers of the hub', unit: 'count', floor: 5 },
  { key: 'jobs', title: 'Jobs that ended', unit: 'per second', floor: null },
  { key: 'commits', title: 'Commits of the store', unit: 'per second', floor: null },
  { key: 'removed', title: 'Removed by retention', unit: 'per second', floor: null },
] as const satisfies readonly Quantity[];

export type QuantityKey = (typeof quantities)[number]['key'];
