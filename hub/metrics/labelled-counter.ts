import type { MetricLabels, MetricSample } from '../../runtime/metrics-text.ts';

/** Counts by labels. The sets of labels that come must be few: each is kept for ever. */
export class LabelledCounter {
  readonly #samples = new Map<string, { readonly labels: MetricLabels; value: number }>();

  add(labels: MetricLabels, count = 1): void {
    const key = JSON.stringify(labels);
    const sample = this.#samples.get(key);
    if (sample === undefined) this.#samples.set(key, { labels, value: count });
    else sample.value += count;
  }

  toSamples(): readonly MetricSample[] {
    return [...this.#samples.values()];
  }
}
