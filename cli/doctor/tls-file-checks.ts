import type { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { TlsError } from '../../hub/tls/tls-error.ts';
import { loadTlsMaterial } from '../../hub/tls/tls-material.ts';
import type { TlsOptions } from '../../hub/tls/tls-options.ts';
import { isLoopback } from '../../runtime/configuration/loopback.ts';
import { readCertificates } from '../../runtime/read-certificates.ts';
import { type Check, type Found, fault, ok, warning } from './check.ts';

const dayMs = 86_400_000;
const soonDays = 30;

/** The files that a hub speaks TLS with: that they can be used, for whom, for how long, and who else may read the key. */
export function createTlsFileCheck(files: TlsOptions, listen: { readonly host: string }): Check {
  return { name: 'tls files', about: 'machine', look: () => judgeFiles(files, listen.host, Date.now()) };
}

async function judgeFiles(files: TlsOptions, host: string, now: number): Promise<readonly Found[] | Found> {
  try {
    const { certificate, leaf, clientAuthorities } = await loadTlsMaterial(files);
    const found = [
      ...judgePeriod(leaf, { what: 'the certificate', path: files.certificatePath, now }),
      ...clientAuthorities.flatMap((authority) =>
        judgePeriod(authority, { what: 'a CA of clients', path: files.clientCaPath ?? '', now }),
      ),
      ...judgeChain(readCertificates(certificate), files.certificatePath),
      ...judgeNames(leaf, host),
      ...(await judgeKeyMode(files.keyPath)),
    ];
    if (found.length > 0) return found;
    return ok(`certificate and key fit; for ${leaf.subjectAltName}, until ${toDay(leaf.validToDate)}`);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return fault(
      error.message,
      'farhand certs show FILE tells what is in a file; farhand certs makes a certificate where there is no CA',
    );
  }
}

function judgePeriod(
  { validFromDate, validToDate }: X509Certificate,
  { what, path, now }: { readonly what: string; readonly path: string; readonly now: number },
): readonly Found[] {
  const daysLeft = Math.floor((validToDate.getTime() - now) / dayMs);
  const remedy = 'Renew it (farhand certs renew FILE, or what made it); the hub takes the new one into use by itself';
  if (validFromDate.getTime() > now) {
    return [
      fault(
        `${what} in ${path} is valid from ${toDay(validFromDate)} on, and here it is ${toDay(new Date(now))}`,
        'Set the clock of this machine: timedatectl set-ntp true',
      ),
    ];
  }
  if (daysLeft < 0) return [fault(`${what} in ${path} expired on ${toDay(validToDate)}`, remedy)];
  return daysLeft < soonDays
    ? [warning(`${what} in ${path} expires on ${toDay(validToDate)}, in ${daysLeft} days`, remedy)]
    : [];
}

/** Each signed by the next. Whether the last one is known to clients only they can tell. */
function judgeChain(chain: readonly X509Certificate[], path: string): readonly Found[] {
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    if (next !== undefined && !certificate.checkIssued(next)) {
      return [
        fault(
          `the certificates in ${path} are no chain: number ${index + 1} (${toLine(certificate.subject)}) was not signed by the next`,
          'Put the own certificate first, then the one that signed it, and so on',
        ),
      ];
    }
  }
  const last = chain.at(-1);
  // A CA says in its certificates where its own is to be had; one that clients know by themselves has no need to.
  const isIncomplete = last !== undefined && !last.checkIssued(last) && /CA Issuers/.test(last.infoAccess ?? '');
  if (!isIncomplete || chain.length > 1) return [];
  return [
    warning(
      `${path} holds the own certificate alone, and those between it and its CA are probably missing`,
      'Take the file with the whole chain, which some tools call fullchain.pem',
    ),
  ];
}

function judgeNames(leaf: X509Certificate, host: string): readonly Found[] {
  if (leaf.subjectAltName === undefined) {
    return [
      fault(
        'the certificate names no host: clients look at its alternative names alone',
        'Have one made with the names that are dialled: farhand certs hub NAME…',
      ),
    ];
  }
  const isAny = host === '0.0.0.0' || host === '::';
  const isNamed = isIP(host) === 0 ? leaf.checkHost(host) !== undefined : leaf.checkIP(host) !== undefined;
  if (isAny || isLoopback(host) || isNamed) return [];
  return [
    warning(
      `FARHAND_LISTEN is ${host}, and the certificate is for ${leaf.subjectAltName}`,
      'In order if agents dial one of these names; otherwise have the address put into the certificate',
    ),
  ];
}

async function judgeKeyMode(path: string): Promise<readonly Found[]> {
  const { mode } = await stat(path);
  // A group may have it: that is how several services share one (ssl-cert on Debian).
  if ((mode & 0o007) === 0) return [];
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return [
    warning(
      `${path} may be read by every user of this machine (mode ${shown})`,
      `Take it away from them: chmod o-rwx ${path}`,
    ),
  ];
}

function toDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function toLine(name: string): string {
  return name.replaceAll('\n', ', ');
}
