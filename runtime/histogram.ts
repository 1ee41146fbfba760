import type { HistogramSample, MetricLabels } from './metrics-text.ts';

/** Counts observations by size. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** Upper bounds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    for (const [index, bound] of this.#bounds.entries())
      if (value <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  toSample(labels: MetricLabels = {}): HistogramSample {
    const buckets = this.#bounds.map((atMost, index) => ({ atMost, count: this.#counts[index] ?? 0 }));
    return { labels, buckets, sum: this.#sum, count: this.#count };
  }
}
