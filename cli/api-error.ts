import type { Problem } from '../protocol/problem.ts';

/**
 * - `unreachable`: no answer came, or it broke off
 * - `not-a-hub`: something answered, but not as a hub does
 * - `problem`: the hub refused, and `problem` says why
 */
export type ApiErrorCode = 'unreachable' | 'not-a-hub' | 'problem';

/** A call of the hub's API did not do what it was to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly problem: Problem | null;

  constructor(
    code: ApiErrorCode,
    message: string,
    options: { readonly problem?: Problem; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problem = options.problem ?? null;
  }
}
