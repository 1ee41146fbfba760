/**
 * - `unreachable`: nothing answered at the address (DNS, refused, reset, timed out)
 * - `unauthorized`: the other side knows who we are not; another credential is needed
 * - `refused`: it answered, and not with what was asked for (wrong path, not a hub, not now)
 * - `aborted`: our own signal ended the dial or the send
 * - `closed`: the channel was closed before or while sending
 * - `silent`: no sign of life for too long
 * - `too-large`: a message over the limit
 * - `invalid-message`: bytes that are not what the protocol allows
 * - `broken`: the connection failed in any other way
 */
export const transportErrorCodes = [
  'unreachable',
  'unauthorized',
  'refused',
  'aborted',
  'closed',
  'silent',
  'too-large',
  'invalid-message',
  'broken',
] as const;
export type TransportErrorCode = (typeof transportErrorCodes)[number];

/** The one error class of all transports; adapters translate foreign errors in their own `errors.ts`. Callers branch on `code`. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  /** The other side's wish for when to come back, if it gave one. */
  readonly retryAfterMs: number | null;

  constructor(
    code: TransportErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly retryAfterMs?: number | null },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
}
