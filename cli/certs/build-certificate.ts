import { createHash, type KeyObject, sign } from 'node:crypto';
import { der } from './der.ts';
import { type SubjectName, toGeneralName } from './subject-name.ts';

export interface CertificateOptions {
  /** `ca`: it signs others, and they sign none. `server`, `client`: who shows it in a handshake. */
  readonly purpose: 'ca' | 'server' | 'client';
  readonly commonName: string;
  readonly names: readonly SubjectName[];
  readonly publicKey: KeyObject;
  readonly issuer: {
    readonly commonName: string;
    readonly publicKey: KeyObject;
    /** Of an elliptic curve. */
    readonly privateKey: KeyObject;
  };
  /** 20 bytes at most. */
  readonly serial: Buffer;
  readonly from: Date;
  readonly to: Date;
}

const oids = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
};

/** Bits of `keyUsage` (RFC 5280 §4.2.1.3). */
const usage = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 };

/** A certificate (RFC 5280) in DER, signed with ECDSA and SHA-256. */
export function buildCertificate(options: CertificateOptions): Buffer {
  const { issuer, publicKey, serial } = options;
  const algorithm = der.sequence(der.oid(oids.ecdsaWithSha256));
  const signed = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    algorithm,
    toDistinguishedName(issuer.commonName),
    der.sequence(der.time(options.from), der.time(options.to)),
    toDistinguishedName(options.commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...toExtensions(options))),
  );
  return der.sequence(signed, algorithm, der.bits(sign('sha256', signed, issuer.privateKey)));
}

function toDistinguishedName(commonName: string): Buffer {
  return der.sequence(der.set(der.sequence(der.oid(oids.commonName), der.utf8(commonName))));
}

function toExtensions({ purpose, names, publicKey, issuer }: CertificateOptions): readonly Buffer[] {
  const common = [
    toExtension(oids.subjectKeyIdentifier, der.octets(toKeyId(publicKey))),
    toExtension(oids.authorityKeyIdentifier, der.sequence(der.implicit(0, toKeyId(issuer.publicKey)))),
  ];
  if (purpose === 'ca') {
    return [
      toExtension(oids.basicConstraints, der.sequence(der.boolean(true), der.integer(Buffer.from([0]))), 'critical'),
      toExtension(oids.keyUsage, der.flags(usage.keyCertSign, usage.crlSign), 'critical'),
      ...common,
    ];
  }
  const alternatives = names.map(toGeneralName);
  return [
    toExtension(oids.basicConstraints, der.sequence(), 'critical'),
    toExtension(oids.keyUsage, der.flags(usage.digitalSignature), 'critical'),
    toExtension(oids.extendedKeyUsage, der.sequence(der.oid(oids[purpose]))),
    ...(alternatives.length === 0 ? [] : [toExtension(oids.subjectAltName, der.sequence(...alternatives))]),
    ...common,
  ];
}

function toExtension(oid: string, value: Buffer, weight: 'critical' | 'usual' = 'usual'): Buffer {
  return der.sequence(der.oid(oid), ...(weight === 'critical' ? [der.boolean(true)] : []), der.octets(value));
}

/** Of an uncompressed point of P-256: what follows the head of the key's element. */
const pointBytes = 65;

/** The first of the ways that RFC 5280 §4.2.1.2 names. It tells keys apart and protects nothing. */
function toKeyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }).subarray(-pointBytes))
    .digest();
}
