import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerCertificate } from './certificates.ts';

const config = `
[ca]
default_ca = own
[own]
database = index.txt
serial = serial.txt
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`;

/** A certificate of the CA in `folder` (`createAuthority`) with these dates, such as `20400101000000Z`. */
export function issueDated(
  folder: string,
  { names, from, to }: { readonly names: string; readonly from: string; readonly to: string },
): ServerCertificate {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  writeFileSync(at('ca.cnf'), config);
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('serial.txt'), '7001\n');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'dated.key'];
  openssl('req', ...newKey, '-out', 'dated.csr', '-subj', '/CN=dated', '-addext', `subjectAltName=${names}`);
  const dates = ['-startdate', from, '-enddate', to];
  const signer = ['-cert', 'ca.pem', '-keyfile', 'ca.key', '-batch', '-notext'];
  openssl('ca', '-config', 'ca.cnf', ...signer, ...dates, '-in', 'dated.csr', '-out', 'dated.pem');
  return { key: readFileSync(at('dated.key'), 'utf8'), cert: readFileSync(at('dated.pem'), 'utf8') };
}
