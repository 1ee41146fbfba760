import type { X509Certificate } from 'node:crypto';

/** Whose certificate it is, on one line. */
export function toSubjectLine({ subject }: Pick<X509Certificate, 'subject'>): string {
  return toLine(subject);
}

/** Who signed it, likewise. */
export function toIssuerLine({ issuer }: Pick<X509Certificate, 'issuer'>): string {
  return toLine(issuer);
}

function toLine(name: string): string {
  return name.replaceAll('\n', ', ');
}
