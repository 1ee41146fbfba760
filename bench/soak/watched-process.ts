import { parseMetrics } from './parse-metrics.ts';
import type { Recording } from './recording.ts';
import { sampleProcess } from './sample-process.ts';

/** A process that is sampled again and again, and may be another one each time. */
export interface ProcessSource {
  readonly name: string;
  /** Null while there is none. */
  readonly pid: number | null;
  /** Its `/metrics`; empty where it has none. */
  readMetrics(): Promise<string>;
}

/** Puts what a process takes into the recording. */
export class WatchedProcess {
  readonly #source: ProcessSource;
  readonly #recording: Recording;
  #pid: number | null = null;
  #cpu: { readonly ms: number; readonly at: number } | null = null;

  constructor(source: ProcessSource, recording: Recording) {
    this.#source = source;
    this.#recording = recording;
  }

  /** Resolves with its metrics. */
  async sample(): Promise<ReadonlyMap<string, number>> {
    const { name, pid } = this.#source;
    if (pid !== this.#pid) this.#begin(pid);
    const sample = pid === null ? null : sampleProcess(pid);
    if (sample === null) return new Map();
    const add = this.#recording.add.bind(this.#recording);
    add('resident', name, sample.residentBytes);
    add('descriptors', name, sample.descriptors);
    add('threads', name, sample.threads);
    const at = performance.now();
    if (this.#cpu !== null) add('cpu', name, (100 * (sample.cpuMs - this.#cpu.ms)) / (at - this.#cpu.at));
    this.#cpu = { ms: sample.cpuMs, at };
    const metrics = parseMetrics(await this.#source.readMetrics().catch(() => ''));
    const read = (metric: string) => metrics.get(metric) ?? Number.NaN;
    add('heap', name, read('nodejs_heap_size_used_bytes'));
    add('external', name, read('nodejs_external_memory_bytes'));
    add('buffers', name, read('nodejs_array_buffers_bytes'));
    add('lag', name, metrics.get('farhand_hub_loop_lag_seconds') ?? read('farhand_agent_loop_lag_seconds'));
    return metrics;
  }

  #begin(pid: number | null): void {
    if (this.#pid !== null) this.#recording.break(this.#source.name);
    this.#pid = pid;
    this.#cpu = null;
  }
}
