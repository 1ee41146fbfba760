/**
 * - `unreachable`: no connection to the destination
 * - `ended`: the destination ended the connection before it said anything
 * - `aborted`: our own signal ended the dial
 * - `proxy-unreachable`: no connection to the proxy
 * - `proxy-login`: the proxy wants another user and password, or any
 * - `proxy-refused`: the proxy does not let us to the destination
 * - `proxy-no-way`: the proxy cannot reach the destination
 * - `proxy-invalid`: what answers is no proxy, or what a variable names
 * - `certificate-expired`, `certificate-not-yet-valid`, `certificate-other-host`, `certificate-unknown-ca`, `certificate-invalid`: of the other side
 * - `client-certificate-missing`, `client-certificate-refused`: of ours
 * - `no-tls-there`: TLS was spoken to a port that has none
 * - `tls-there`: none was spoken to a port that has it
 * - `tls-version`: the other side speaks older versions of TLS alone
 * - `tls-failed`: anything else about TLS
 */
export const outletErrorCodes = [
  'unreachable',
  'ended',
  'aborted',
  'proxy-unreachable',
  'proxy-login',
  'proxy-refused',
  'proxy-no-way',
  'proxy-invalid',
  'certificate-expired',
  'certificate-not-yet-valid',
  'certificate-other-host',
  'certificate-unknown-ca',
  'certificate-invalid',
  'client-certificate-missing',
  'client-certificate-refused',
  'no-tls-there',
  'tls-there',
  'tls-version',
  'tls-failed',
] as const;
export type OutletErrorCode = (typeof outletErrorCodes)[number];

/** Why no stream was opened: a sentence with what to do. It never holds a secret. */
export class OutletError extends Error {
  override readonly name = 'OutletError';
  readonly code: OutletErrorCode;

  constructor(code: OutletErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
