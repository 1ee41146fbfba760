import type { Point } from './linear-fit.ts';

/** At most twice so many points, without losing a peak or a dip: of each stretch its lowest and its highest, in order of time. */
export function thinPoints(points: readonly Point[], stretches: number): readonly Point[] {
  if (points.length <= 2 * stretches) return points;
  return Array.from({ length: stretches }, (_, index) => {
    const from = Math.floor((index * points.length) / stretches);
    const some = points.slice(from, Math.floor(((index + 1) * points.length) / stretches));
    const sorted = some.toSorted((a, b) => a.value - b.value);
    return [sorted[0], sorted.at(-1)].filter((point) => point !== undefined).toSorted((a, b) => a.at - b.at);
  }).flat();
}
