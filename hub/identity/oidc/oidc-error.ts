/**
 * - `unreachable`: the issuer does not answer, or not in time
 * - `answer-invalid`: what it answers is not what OpenID Connect Discovery says, or is of another issuer
 * - `no-usable-keys`: it names no key that this hub can use
 */
export type OidcErrorCode = 'unreachable' | 'answer-invalid' | 'no-usable-keys';

/** The keys of an issuer cannot be had. The message holds no token. */
export class OidcError extends Error {
  override readonly name = 'OidcError';
  readonly code: OidcErrorCode;

  constructor(code: OidcErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
