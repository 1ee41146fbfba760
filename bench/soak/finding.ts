import { type Judgement, judgeCurve } from './judge-curve.ts';
import type { Quantity } from './quantity.ts';
import type { Line } from './recording.ts';

/** What is said of a curve. */
export interface Finding extends Omit<Judgement, 'verdict'> {
  readonly quantity: Quantity;
  readonly line: Line;
  /** `restarted`: what it is about began anew in the second half. `not judged`: it may rise. */
  readonly verdict: Judgement['verdict'] | 'restarted' | 'not judged';
}

export function findOf(line: Line, quantity: Quantity): Finding {
  const judgement = judgeCurve(line.points, { floor: quantity.floor ?? 0 });
  const from = line.points[0]?.at ?? 0;
  const middle = (from + (line.points.at(-1)?.at ?? 0)) / 2;
  const isRestarted = line.breaks.some((at) => at >= middle);
  const verdict = quantity.floor === null ? 'not judged' : isRestarted ? 'restarted' : judgement.verdict;
  return { ...judgement, quantity, line, verdict };
}
