/** Round values from zero, or from below it, up to at least `most`: four to eight of them. */
export function axisTicks(least: number, most: number): readonly number[] {
  const from = Math.min(0, least);
  const span = Math.max(most - from, Number.EPSILON);
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= 6) ?? 10 * power;
  const first = Math.floor(from / step);
  const last = Math.ceil(most / step - 1e-9);
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, index) => (first + index) * step);
}
