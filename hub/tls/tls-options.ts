/**
 * What is asked of those who connect:
 * - `none`: no certificate
 * - `optional`: one that they show must be good
 * - `required`: nobody gets in without one
 */
export type ClientCertificates = 'none' | 'optional' | 'required';

/** Where the hub finds what it speaks TLS with. The files may change at any time. */
export interface TlsOptions {
  /** PEM: the hub's certificate, then those between it and the CA. */
  readonly certificatePath: string;
  /** PEM, without a passphrase. */
  readonly keyPath: string;
  /** PEM: the CAs whose certificates clients may show. Null where none are asked for. */
  readonly clientCaPath: string | null;
  readonly clientCertificates: ClientCertificates;
}
