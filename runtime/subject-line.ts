import type { X509Certificate } from 'node:crypto';

/** Whose certificate it is, on one line. */
export function toSubjectLine({ subject }: Pick<X509Certificate, 'subject'>): string {
  return subject.replaceAll('\n', ', ');
}
