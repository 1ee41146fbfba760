/**
 * - `tls-unreadable`: a file is not there, or not for this user
 * - `tls-certificate-invalid`, `tls-key-invalid`, `tls-client-ca-invalid`: a file does not hold what it should
 * - `tls-mismatch`: the key is of another certificate
 * - `tls-not-now`: the certificate is over or not valid yet, and another one is in use that is
 */
export type TlsErrorCode =
  | 'tls-unreadable'
  | 'tls-certificate-invalid'
  | 'tls-key-invalid'
  | 'tls-client-ca-invalid'
  | 'tls-mismatch'
  | 'tls-not-now';

/** The hub cannot speak TLS with these files. The message names the key of the configuration and never holds what is in a file. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code: TlsErrorCode;

  constructor(code: TlsErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
