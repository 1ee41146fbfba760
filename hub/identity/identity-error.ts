/**
 * - `key-invalid`: the file with the hub's secret key is not one
 * - `token-invalid`: the administrator's token of the configuration cannot be used
 * - `sealed-invalid`: sealed bytes that this key did not seal for this job
 */
export type IdentityErrorCode = 'key-invalid' | 'token-invalid' | 'sealed-invalid';

/** Something about keys or tokens that only the hub's owner can set right. The message never holds a secret. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
