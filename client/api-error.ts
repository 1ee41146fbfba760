import type { Problem, ProblemCode } from './operations.ts';

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
  /** What the hub asked to wait before the next try; null when it said nothing. */
  readonly retryAfterMs: number | null;

  constructor(
    code: ApiErrorCode,
    message: string,
    options: {
      readonly problem?: Problem;
      readonly retryAfterMs?: number | null;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problem = options.problem ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  /** The stable code of the problem: what programs branch on. Null when it was no problem of the hub's. */
  get problemCode(): ProblemCode | null {
    return this.problem?.code ?? null;
  }

  /** Whether the same call may go well a moment later: the hub was not there, is starting, or has too much to do. */
  get isPassing(): boolean {
    const status = this.problem?.status ?? 0;
    return this.code === 'unreachable' || status >= 500 || status === 429;
  }
}
