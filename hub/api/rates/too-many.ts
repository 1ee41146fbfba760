import type { Problem } from '../../../protocol/problem.ts';
import { ApiProblem } from '../api-problem.ts';

/** `detail` says what there is too much of. */
export function tooMany(
  detail: string,
  { waitMs, full }: { readonly waitMs: number; readonly full: NonNullable<Problem['full']> },
): ApiProblem {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new ApiProblem('too-many', `${detail}. Come again after Retry-After (${full.key}: ${full.limit})`, {
    headers: { 'retry-after': String(seconds) },
    full,
  });
}
