import type { Gap } from '../../protocol/attempt-result.ts';
import { findBytes } from './find-bytes.ts';

/** Enough to know a place by. */
const keyBytes = 64;
const blockBytes = 64 * 1024;

/**
 * Whether a log is what was said, without what its gaps say is missing; if not, a sentence about the first place that is something else. What
 * comes behind all that was said is in order where `mayEndLater`: a job that was stopped may have printed a line that it could not write down any more.
 */
export function explainLog(
  log: Buffer,
  said: Buffer,
  gaps: readonly Pick<Gap, 'at' | 'until'>[],
  { mayEndLater = true } = {},
): string | null {
  let offset = 0;
  let at = 0;
  for (;;) {
    const equal = findDifference(log, offset, said, at);
    const here = offset + equal;
    if (here === log.length) return explainEnd(log, said, { gaps, missing: said.length - at - equal });
    if (at + equal === said.length && mayEndLater) return null;
    const found = gaps
      .filter((gap) => gap.at <= here && (gap.until ?? gap.at) >= offset)
      .map((gap) => Math.min(gap.until ?? gap.at, here))
      .toReversed()
      .map((place) => ({ place, from: goOn(log, said, { place, here, from: at + place - offset }) }))
      .find(({ from }) => from >= 0);
    if (found === undefined) return `byte ${here} is not byte ${at + equal} of what was said, and no gap says why`;
    offset = found.place;
    at = found.from;
  }
}

/** Where in `said`, from that place on, stands what the log has from `place` to `here` and behind it; -1: nowhere. */
function goOn(
  log: Buffer,
  said: Buffer,
  { place, here, from }: { readonly place: number; readonly here: number; readonly from: number },
): number {
  const whole = findBytes(said, log.subarray(place, here + keyBytes), from);
  if (whole >= 0) return whole;
  // The end of the log may be what was not written down.
  const line = log.indexOf('\n', here) + 1;
  return line === 0 || line >= here + keyBytes ? -1 : findBytes(said, log.subarray(place, line), from);
}

function explainEnd(
  log: Buffer,
  said: Buffer,
  { gaps, missing }: { readonly gaps: readonly Pick<Gap, 'at' | 'until'>[]; readonly missing: number },
): string | null {
  if (missing === 0) return null;
  const isTold = gaps.some(({ at, until = at }) => until >= log.length);
  return isTold ? null : `the last ${missing} of ${said.length} bytes are missing, and no gap says so`;
}

function findDifference(one: Buffer, oneFrom: number, other: Buffer, otherFrom: number): number {
  const most = Math.min(one.length - oneFrom, other.length - otherFrom);
  let equal = 0;
  while (equal < most) {
    const end = Math.min(most, equal + blockBytes);
    const isEqual = one
      .subarray(oneFrom + equal, oneFrom + end)
      .equals(other.subarray(otherFrom + equal, otherFrom + end));
    if (!isEqual) break;
    equal = end;
  }
  while (equal < most && one[oneFrom + equal] === other[otherFrom + equal]) equal += 1;
  return equal;
}
