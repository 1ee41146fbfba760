/**
 * An executor cannot ask its platform for now, so nothing is known and nothing was done: whoever asked concludes nothing, keeps what it
 * has, and asks again. The message says what was asked and what stood against it.
 */
export class NotNow extends Error {
  readonly retryAfterMs: number | null;

  constructor(message: string, options: { readonly cause?: unknown; readonly retryAfterMs?: number | null } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'NotNow';
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
