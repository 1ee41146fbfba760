import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { buildCertificate, type CertificateOptions } from './build-certificate.ts';
import type { PemPair } from './pem-pair.ts';

const dayMs = 86_400_000;
/** Clocks of other machines may be behind. */
const leewayMs = 3_600_000;
const serialBytes = 16;

export interface Leaf extends Pick<CertificateOptions, 'commonName' | 'names'> {
  readonly purpose: 'server' | 'client';
  readonly days: number;
}

/** A CA whose key is at hand. */
export interface Authority {
  readonly certificate: X509Certificate;
  /** A new key and its certificate, which ends with the CA's at the latest. */
  issue(leaf: Leaf): PemPair;
}

/** A CA of one's own: its key, and its certificate signed by itself. */
export function createAuthority({ commonName, days }: { readonly commonName: string; readonly days: number }): PemPair {
  const keys = generateKeys();
  return toPair(keys, {
    purpose: 'ca',
    commonName,
    names: [],
    issuer: { commonName, ...keys },
    ...toPeriod(days),
  });
}

/** Reads what `createAuthority` made and somebody put into this folder. Rejects with `Failure`. */
export async function openAuthority(folder: string): Promise<Authority> {
  const at = (name: string) => join(folder, name);
  const certificate = await readAuthorityFile(at('ca.pem'), (text) => new X509Certificate(text));
  const privateKey = await readAuthorityFile(at('ca.key'), (text) => createPrivateKey(text));
  if (!certificate.ca || !certificate.checkPrivateKey(privateKey)) {
    throw new Failure(
      exitCodes.usage,
      `expected a CA and its key in ${folder}, got ${certificate.ca ? 'a key of another certificate' : 'a certificate that may sign no others'}`,
    );
  }
  if (certificate.validToDate.getTime() < Date.now()) {
    throw new Failure(exitCodes.usage, `the CA in ${folder} expired on ${certificate.validTo}`, [
      'Make another one in a new folder, and hand it out beside the old one: farhand certs ca --folder …',
    ]);
  }
  const issuer = { commonName: toCommonName(certificate), privateKey, publicKey: createPublicKey(privateKey) };
  return {
    certificate,
    issue({ days, ...leaf }) {
      const period = toPeriod(days);
      const to = new Date(Math.min(period.to.getTime(), certificate.validToDate.getTime()));
      const pair = toPair(generateKeys(), { ...leaf, issuer, ...period, to });
      const made = new X509Certificate(pair.certificate);
      if (privateKey.asymmetricKeyType !== 'ec' || !made.checkIssued(certificate) || !made.verify(issuer.publicKey)) {
        throw new Failure(exitCodes.usage, `the CA in ${folder} was not made by farhand certs`, [
          'Have its own tools sign; the hub takes what they make',
        ]);
      }
      return pair;
    },
  };
}

/** `CN=…` of a subject that has nothing else. */
function toCommonName({ subject }: X509Certificate): string {
  return /^CN=(.*)$/.exec(subject)?.[1] ?? '';
}

function generateKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function toPeriod(days: number): { readonly from: Date; readonly to: Date } {
  const now = Date.now();
  return { from: new Date(now - leewayMs), to: new Date(now + days * dayMs) };
}

function toPair(
  { publicKey, privateKey }: ReturnType<typeof generateKeys>,
  options: Omit<CertificateOptions, 'publicKey' | 'serial'>,
): PemPair {
  const serial = randomBytes(serialBytes);
  return {
    certificate: toPem(buildCertificate({ ...options, publicKey, serial })),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

async function readAuthorityFile<T>(path: string, parse: (text: string) => T): Promise<T> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw toMissing(path, error);
  }
}

function toMissing(path: string, error: unknown): Failure {
  const said = error instanceof Error ? error.message : String(error);
  return new Failure(exitCodes.usage, `expected a CA, got no ${path} that can be read (${said})`, [
    'Make one: farhand certs ca; or name the folder where it is: --folder FOLDER',
  ]);
}
