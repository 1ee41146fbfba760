import { ApiProblem } from './api-problem.ts';

/** From `start` (inclusive) to `end` (exclusive). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const pattern = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/i;

/**
 * Reads `Range` (RFC 9110 §14): one range, as `bytes=5-9`, `bytes=5-` or `bytes=-5`. Throws `ApiProblem`: `range-not-satisfiable` for
 * more than one, and for one that has no byte of `length`; `header-invalid` for anything else.
 */
export function parseByteRange(header: string, length: number): ByteRange {
  if (/^bytes=[\d\s,-]+,[\d\s,-]*$/i.test(header)) throw notSatisfiable('ask for one range at a time', length);
  const match = pattern.exec(header.trim());
  if (match === null) {
    throw new ApiProblem('header-invalid', 'Range: expected "bytes=5-9", "bytes=5-" or "bytes=-5", got something else');
  }
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    if (Number(suffix) === 0 || length === 0) throw notSatisfiable(`the log has ${length} bytes so far`, length);
    return { start: Math.max(length - Number(suffix), 0), end: length };
  }
  const start = Number(first);
  if (last !== undefined && Number(last) < start) {
    throw new ApiProblem('header-invalid', 'Range: expected the first byte before the last');
  }
  if (start >= length) throw notSatisfiable(`the log has ${length} bytes so far`, length);
  return { start, end: last === undefined ? length : Math.min(Number(last) + 1, length) };
}

function notSatisfiable(detail: string, length: number): ApiProblem {
  return new ApiProblem('range-not-satisfiable', detail, { headers: { 'content-range': `bytes */${length}` } });
}
