/** What a scrape is answered with. Source: Prometheus, "Exposition formats", text format 0.0.4. */
export const metricsMediaType = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricLabels = Readonly<Record<string, string>>;

interface MetricHead {
  /** Letters, digits and `_`; begins with `farhand_`, ends with its unit, and with `_total` where it only grows. */
  readonly name: string;
  /** One sentence; `docs/metrics.md` says the same. */
  readonly help: string;
}

export interface MetricSample {
  readonly labels?: MetricLabels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels?: MetricLabels;
  /** Upper bounds, ascending, and how many observations were at most that: each bucket counts those below it too. `+Inf` is added. */
  readonly buckets: readonly { readonly atMost: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** One metric with all its samples, as it is at this moment. */
export type Metric =
  | (MetricHead & { readonly type: 'counter' | 'gauge'; readonly samples: readonly MetricSample[] })
  | (MetricHead & { readonly type: 'histogram'; readonly samples: readonly HistogramSample[] });

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function toValueText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

function toSampleLine(name: string, labels: MetricLabels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeHelp(text).replaceAll('"', '\\"')}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${toValueText(value)}\n`;
}

function toHistogramLines(name: string, { labels = {}, buckets, sum, count }: HistogramSample): string {
  const lines = [...buckets, { atMost: Infinity, count }].map((bucket) =>
    toSampleLine(`${name}_bucket`, { ...labels, le: toValueText(bucket.atMost) }, bucket.count),
  );
  return [...lines, toSampleLine(`${name}_sum`, labels, sum), toSampleLine(`${name}_count`, labels, count)].join('');
}

function toMetricText(metric: Metric): string {
  const { name, help, type } = metric;
  const head = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  const samples =
    metric.type === 'histogram'
      ? metric.samples.map((sample) => toHistogramLines(name, sample))
      : metric.samples.map(({ labels = {}, value }) => toSampleLine(name, labels, value));
  return head + samples.join('');
}

/** Writes metrics as Prometheus reads them. Names are the caller's business; label values may hold anything. */
export function toMetricsText(metrics: readonly Metric[]): string {
  return metrics.map(toMetricText).join('');
}
