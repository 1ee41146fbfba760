import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { unknownIssuerCodes } from '../../runtime/network/tls-fault.ts';
import type { Found } from './check.ts';
import { fault, ok, warning } from './check.ts';

const day = 86_400_000;
const soonMs = 14 * day;

/**
 * All that is wrong with a server's certificate, not just what OpenSSL met first: a self-signed one that is over as well would otherwise be
 * mended twice. `code` is what the handshake's own check said; null when it was content.
 */
export function judgeCertificate(
  certificate: PeerCertificate,
  options: { readonly host: string; readonly code: string | null; readonly now: number },
): readonly Found[] {
  const { host, code, now } = options;
  const from = Date.parse(certificate.valid_from);
  const to = Date.parse(certificate.valid_to);
  const found: Found[] = [];
  if (to < now) {
    found.push(
      fault(
        `the certificate of ${host} expired on ${toDay(to)}`,
        'Renew it on the hub or on the proxy before it; if the date is in the future, set the clock of this machine: timedatectl set-ntp true',
      ),
    );
  }
  if (from > now) {
    found.push(
      fault(
        `the certificate of ${host} is valid from ${toDay(from)} on, and here it is ${toDay(now)}`,
        'Set the clock of this machine: timedatectl set-ntp true',
      ),
    );
  }
  if (checkServerIdentity(host, certificate) !== undefined) {
    const names = (certificate.subjectaltname ?? certificate.subject?.CN ?? 'nobody').toString().slice(0, 200);
    found.push(
      fault(
        `the certificate is for another host: expected ${host}, got ${names}`,
        'Use one of these names in FARHAND_HUB_URL, or in FARHAND_TLS_SERVER_NAME, or get a certificate that has this one',
      ),
    );
  }
  if (code !== null && unknownIssuerCodes.has(code)) {
    found.push(
      fault(
        `this machine does not know the CA that signed the certificate of ${host} (${code})`,
        'Name the file with the certificate of that CA: FARHAND_TLS_CA=/path/to/ca.pem; with a public CA, have the server send its intermediate certificates too',
      ),
    );
  }
  if (found.length > 0) return found;
  if (code !== null) {
    return [
      fault(
        `the certificate of ${host} is not accepted (${code})`,
        'Look it up under that name in the documentation of OpenSSL: man verify',
      ),
    ];
  }
  if (to - now < soonMs) {
    return [
      warning(`the certificate of ${host} expires on ${toDay(to)}`, 'Renew it on the hub or on the proxy before it'),
    ];
  }
  return [ok(`the certificate of ${host} is valid until ${toDay(to)}`)];
}

function toDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
