import type { Gap } from '../../../protocol/attempt-result.ts';
import type { LogDoubt } from './log-doubts.ts';
import type { LogEnd } from './log-follower.ts';

/** What is missing of a log that was followed to its end: offsets are of `raw`, where the log begins at `base`. */
export function toLogGaps(found: {
  readonly end: LogEnd;
  readonly doubts: readonly LogDoubt[];
  readonly isBeginningMissed: boolean;
  readonly base: number;
  readonly stored: number;
  readonly dropped: number;
}): Gap[] {
  const { end, doubts, isBeginningMissed, base, stored, dropped } = found;
  const gaps = end.type === 'whole' ? [] : toPlaces({ end, doubts, isBeginningMissed, stored });
  const told: Gap[] = gaps.map(({ at, until }) => ({
    at: base + at,
    ...(until > at && { until: base + until }),
    bytes: null,
    why: 'output-lost',
  }));
  return dropped > 0 ? [...told, { at: base + stored, bytes: dropped, why: 'log-limit' }] : told;
}

/** Everything that was compared with the whole log in the end has none, whatever looked like one. */
function toPlaces(found: {
  readonly end: Extract<LogEnd, { type: 'unproved' }>;
  readonly doubts: readonly LogDoubt[];
  readonly isBeginningMissed: boolean;
  readonly stored: number;
}): readonly LogDoubt[] {
  const { end, doubts, isBeginningMissed, stored } = found;
  const first = doubts[0];
  const last = doubts.at(-1);
  const before = isBeginningMissed && first?.at !== 0 ? [{ at: 0, until: 0 }] : [];
  const behind = !end.hasEnd && last?.until !== stored ? [{ at: stored, until: stored }] : [];
  const places = [...before, ...doubts, ...behind];
  // Nothing says where: so it may be anywhere.
  return places.length > 0 ? places : [{ at: 0, until: stored }];
}
