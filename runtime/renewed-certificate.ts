import { createPrivateKey } from 'node:crypto';
import { readCertificates } from './read-certificates.ts';

/**
 * Where a new certificate waits until its key is in place. `farhand certs renew` writes it, then the key, each whole and flushed, then puts the key in its
 * place, then the certificate. So whoever finds a key that the certificate is not for finds the right one here, or, when it is gone from here, in
 * its place: at any moment there is a whole pair, also when the renewal was killed on the way.
 */
export function toRenewedCertificate(certificatePath: string): string {
  return `${certificatePath}.new`;
}

/** Whether the first certificate was made for that key. False, too, for what is no certificate and no key. Both are PEM. */
export function isPemPair(certificate: string, key: string): boolean {
  try {
    return readCertificates(certificate)[0]?.checkPrivateKey(createPrivateKey(key)) === true;
  } catch {
    return false;
  }
}
