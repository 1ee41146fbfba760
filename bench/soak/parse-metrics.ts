/** Values by name, labels included as they are printed: `farhand_hub_jobs{state="queued"}`. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const cut = line.lastIndexOf(' ');
    if (cut > 0 && !line.startsWith('#')) values.set(line.slice(0, cut), Number(line.slice(cut + 1)));
  }
  return values;
}

/** Of all samples of a metric whose labels hold the text; NaN where there is none. */
export function sumMetric(values: ReadonlyMap<string, number>, name: string, label = ''): number {
  const found = [...values].filter(([key]) => key.split('{')[0] === name && key.includes(label));
  return found.length === 0 ? Number.NaN : found.reduce((sum, [, value]) => sum + value, 0);
}
