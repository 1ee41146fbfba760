/**
 * - `not-json`: the bytes are not UTF-8 JSON
 * - `invalid`: JSON, but not of the shape that was expected
 * - `too-large`: over the limit that the message names
 */
export type ProtocolErrorCode = 'not-json' | 'invalid' | 'too-large';

/** One place in a message that is wrong. */
export interface Issue {
  /** JSON pointer (RFC 6901) of the wrong value; empty for the whole. */
  readonly pointer: string;
  readonly message: string;
}

/** Bytes from outside that are not what the protocol allows. The message says what was expected and what came. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;
  readonly issues: readonly Issue[];

  constructor(
    code: ProtocolErrorCode,
    message: string,
    options?: { readonly issues?: readonly Issue[]; readonly cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options?.issues ?? [];
  }
}
