import { X509Certificate } from 'node:crypto';

const block = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/**
 * The certificates of a PEM text, in their order; what stands between them is left out, as OpenSSL does. Throws for a block that is no
 * certificate, or that has a beginning and no end.
 */
export function readCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(block) ?? [];
  const begun = pem.match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/g) ?? [];
  if (begun.length !== blocks.length)
    throw new Error('a certificate has a beginning and no end: the file is not whole');
  return blocks.map((text) => new X509Certificate(text));
}
