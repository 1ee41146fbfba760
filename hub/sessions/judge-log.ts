import type { AttemptResult, Gap } from '../../protocol/attempt-result.ts';

/**
 * What the hub makes of a result, given the log it has.
 *
 * - `store`: the result can be stored with this log
 * - `rewind`: bytes are missing that the agent still has; send from here again
 */
export type LogJudgement =
  | {
      readonly type: 'store';
      readonly bytes: number;
      readonly sha256: string;
      readonly complete: boolean;
      readonly gaps: Gap[];
    }
  | { readonly type: 'rewind'; readonly offset: number };

/** Gaps after which the agent has no more to send than the hub may have already. */
const cannotSendMore = new Set<Gap['why']>(['power-loss', 'secrets-gone', 'runner-gone']);

/**
 * Length and digest decide. A log that is longer here than there was cut by a power loss at the agent: the hub keeps what it
 * has. A digest that differs at equal length is recorded, not looped over: the log is then not complete.
 */
export function judgeLog(
  result: AttemptResult,
  stored: { readonly bytes: number; readonly sha256: string },
): LogJudgement {
  const { log } = result;
  const endsEarly = log.gaps.some((gap) => cannotSendMore.has(gap.why));
  if (stored.bytes < log.bytes && !endsEarly) return { type: 'rewind', offset: stored.bytes };
  const equal = stored.bytes === log.bytes && stored.sha256 === log.sha256;
  if (equal) return { type: 'store', ...stored, complete: log.complete, gaps: [...log.gaps] };
  const explained = endsEarly;
  const gaps: Gap[] = explained ? [...log.gaps] : [...log.gaps, { at: 0, bytes: null, why: 'hub-mismatch' }];
  return { type: 'store', ...stored, complete: false, gaps };
}
