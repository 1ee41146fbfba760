import { quantile } from '../report/quantile.ts';
import { fitLine, type Point } from './linear-fit.ts';

export interface Judgement {
  readonly verdict: 'steady' | 'grows' | 'too short';
  /** Values of the first and the last sample. */
  readonly start: number;
  readonly end: number;
  /** Of the line through all samples of the second half. */
  readonly slopePerHour: number;
  /** A curve that rises by less than this would be called steady, because so short a run cannot tell. */
  readonly seesFromPerHour: number;
}

const parts = 10;
const hour = 3600;
/** Of its level, a rise that is more than this over the second half counts. */
const share = 0.03;
const lowWater = 0.2;
/** Of all pairs of parts, four fifths must rise: a single step does not come so far, and chance does once in some hundred curves. */
const leastTrend = 0.6;
/** The rise must stand out from what goes up and down. */
const scatters = 3;
const leastSamples = 3 * parts;

/**
 * Whether a curve still grows when everything has warmed up. Its second half is cut into ten parts; of each the low water counts, under which
 * a fifth of the samples lie: what is left once garbage was collected and retention has worked. It grows when the line through these rises over
 * the half by more than `floor`, by more than 3 % of the level, and by more than three times the scatter about that line, and when of all pairs
 * of parts at least four fifths rise. `at` counts seconds.
 */
export function judgeCurve(points: readonly Point[], { floor }: { readonly floor: number }): Judgement {
  const first = points[0] ?? { at: 0, value: Number.NaN };
  const last = points.at(-1) ?? first;
  const middle = (first.at + last.at) / 2;
  const half = points.filter(({ at }) => at >= middle);
  const long = last.at - middle;
  const lows = cut(half, { from: middle, long });
  const level = lows.reduce((sum, { value }) => sum + Math.abs(value), 0) / lows.length;
  const { slope, scatter } = fitLine(lows);
  const least = Math.max(floor, share * level, scatters * scatter);
  const figures = {
    start: first.value,
    end: last.value,
    slopePerHour: fitLine(half).slope * hour,
    seesFromPerHour: (least / long) * hour,
  };
  if (half.length < leastSamples || lows.length < parts) return { verdict: 'too short', ...figures };
  const grows = slope * long > least && trend(lows) >= leastTrend;
  return { verdict: grows ? 'grows' : 'steady', ...figures };
}

/** The low water of each part that has any sample. */
function cut(
  half: readonly Point[],
  { from, long }: { readonly from: number; readonly long: number },
): readonly Point[] {
  return Array.from({ length: parts }, (_, index) => {
    const at = from + ((index + 0.5) * long) / parts;
    const values = half.filter((point) => Math.abs(point.at - at) <= long / parts / 2).map(({ value }) => value);
    return { at, value: quantile(values, lowWater) };
  }).filter(({ value }) => !Number.isNaN(value));
}

/** From -1, all pairs fall, to 1, all rise (Kendall). */
function trend(points: readonly Point[]): number {
  let sum = 0;
  let pairs = 0;
  for (const [index, earlier] of points.entries()) {
    for (const later of points.slice(index + 1)) {
      sum += Math.sign(later.value - earlier.value);
      pairs += 1;
    }
  }
  return sum / pairs;
}
