import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A CA of the test's own, by openssl. */
export interface Authority {
  /** Path of its certificate, for FARHAND_TLS_CA. */
  readonly path: string;
  /** A certificate for these names (`DNS:localhost,IP:127.0.0.1`); with a negative number of days it is over already. */
  issue(options: { readonly names: string; readonly days: number; readonly usage?: string }): ServerCertificate;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export function createAuthority(folder: string): Authority {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-subj',
    '/CN=test-ca',
    '-days',
    '60',
  );
  let issued = 0;
  return {
    path: at('ca.pem'),
    issue({ names, days, usage }) {
      issued += 1;
      const file = at(`server-${issued}`);
      openssl(
        'req',
        ...newKey,
        '-keyout',
        `${file}.key`,
        '-out',
        `${file}.csr`,
        '-subj',
        '/CN=server',
        '-addext',
        `subjectAltName=${names}`,
        ...(usage === undefined ? [] : ['-addext', `extendedKeyUsage=${usage}`]),
      );
      openssl(
        'x509',
        '-req',
        '-in',
        `${file}.csr`,
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca.key'),
        '-CAcreateserial',
        '-copy_extensions',
        'copy',
        '-days',
        String(days),
        '-out',
        `${file}.pem`,
      );
      return { key: readFileSync(`${file}.key`, 'utf8'), cert: readFileSync(`${file}.pem`, 'utf8') };
    },
  };
}
