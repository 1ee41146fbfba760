export interface Point {
  readonly at: number;
  readonly value: number;
}

/** The straight line with the least squares of distances, and the root of their mean. */
export interface LinearFit {
  readonly slope: number;
  readonly scatter: number;
}

/** NaN for less than two points. */
export function fitLine(points: readonly Point[]): LinearFit {
  const count = points.length;
  const meanAt = points.reduce((sum, { at }) => sum + at, 0) / count;
  const mean = points.reduce((sum, { value }) => sum + value, 0) / count;
  const together = points.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - mean), 0);
  const slope = together / points.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const squares = points.reduce((sum, { at, value }) => sum + (value - mean - slope * (at - meanAt)) ** 2, 0);
  return { slope, scatter: Math.sqrt(squares / count) };
}
