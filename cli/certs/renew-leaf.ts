import type { X509Certificate } from 'node:crypto';
import { readSubjectAltNames } from '../../runtime/subject-alt-names.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import type { Leaf } from './authority.ts';
import type { SubjectName } from './subject-name.ts';

const serverUsage = '1.3.6.1.5.5.7.3.1';
const kinds: Readonly<Record<string, SubjectName['type']>> = { DNS: 'dns', 'IP Address': 'ip', URI: 'uri' };

/** What a new certificate in the place of this one is for: the same. Throws `Failure` for one that `farhand certs` does not make. */
export function toSameLeaf(certificate: X509Certificate): Omit<Leaf, 'days'> {
  if (certificate.ca) {
    throw new Failure(exitCodes.usage, 'this is the certificate of a CA, and a CA is not renewed but replaced', [
      'Make another one (farhand certs ca --folder NEW), and hand it out beside the old one before it signs',
    ]);
  }
  const commonName = /^CN=(.*)$/.exec(certificate.subject)?.[1];
  const names = readSubjectAltNames(certificate.subjectAltName).map(({ kind, value }) => ({
    type: kinds[kind],
    value,
  }));
  if (commonName === undefined || !names.every((name): name is SubjectName => name.type !== undefined)) {
    throw new Failure(exitCodes.usage, 'this certificate was not made by farhand certs', [
      'Renew it with what made it; the hub takes the new one into use by itself',
    ]);
  }
  return { commonName, names, purpose: certificate.keyUsage?.includes(serverUsage) === true ? 'server' : 'client' };
}
