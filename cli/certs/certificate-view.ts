import type { X509Certificate } from 'node:crypto';

/** What a person wants to know of a certificate. Times are ISO 8601. */
export interface CertificateView {
  readonly subject: string;
  readonly issuer: string;
  readonly names: string;
  readonly purposes: readonly string[];
  readonly validFrom: string;
  readonly validTo: string;
  /** Whole days; negative when it is over. */
  readonly daysLeft: number;
  readonly serial: string;
  readonly sha256: string;
}

const dayMs = 86_400_000;
const purposes: Readonly<Record<string, string>> = { '1.3.6.1.5.5.7.3.1': 'server', '1.3.6.1.5.5.7.3.2': 'client' };

export function toCertificateView(certificate: X509Certificate, now: number): CertificateView {
  const { subject, issuer, subjectAltName, validFromDate, validToDate, serialNumber, fingerprint256 } = certificate;
  const usages = certificate.keyUsage?.map((oid) => purposes[oid] ?? oid) ?? [];
  return {
    subject: toLine(subject),
    issuer: toLine(issuer),
    names: subjectAltName ?? '',
    purposes: certificate.ca ? ['ca', ...usages] : usages,
    validFrom: validFromDate.toISOString(),
    validTo: validToDate.toISOString(),
    daysLeft: Math.floor((validToDate.getTime() - now) / dayMs),
    serial: serialNumber.toLowerCase(),
    sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function toLine(name: string): string {
  return name.replaceAll('\n', ', ');
}
