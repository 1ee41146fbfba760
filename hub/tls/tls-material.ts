import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { readCertificates } from '../../runtime/read-certificates.ts';
import { isPemPair, toRenewedCertificate } from '../../runtime/renewed-certificate.ts';
import { TlsError } from './tls-error.ts';
import type { TlsOptions } from './tls-options.ts';

/** What the hub speaks TLS with: read, and checked to belong together. */
export interface TlsMaterial {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly clientCa: string | null;
  /** The hub's own, without those between it and the CA. */
  readonly leaf: X509Certificate;
  readonly clientAuthorities: readonly X509Certificate[];
}

const maxFileBytes = 1024 * 1024;

/** Reads the files. Rejects with `TlsError`. */
export async function loadTlsMaterial(options: TlsOptions): Promise<TlsMaterial> {
  const { certificatePath, keyPath, clientCaPath } = options;
  const [{ certificate, key }, clientCa] = await Promise.all([
    readPair(options),
    clientCaPath === null ? null : read(clientCaPath, 'FARHAND_TLS_CLIENT_CA'),
  ]);
  const [leaf] = parseCertificates(certificate, 'tls-certificate-invalid', `FARHAND_TLS_CERT: ${certificatePath}`);
  const parsedKey = parseKey(key, keyPath);
  if (!leaf.checkPrivateKey(parsedKey)) {
    throw new TlsError(
      'tls-mismatch',
      `FARHAND_TLS_KEY: expected the key of the first certificate in ${certificatePath}, got another one in ${keyPath}; put the hub's own certificate first, and the key that it was made for beside it`,
    );
  }
  const clientAuthorities =
    clientCa === null
      ? []
      : parseCertificates(clientCa, 'tls-client-ca-invalid', `FARHAND_TLS_CLIENT_CA: ${clientCaPath}`);
  const material = { certificate, key, clientCa, leaf, clientAuthorities };
  tryOut(material, options);
  return material;
}

/** Of a renewal that is under way, or was killed on the way, the pair that is whole. */
async function readPair({ certificatePath, keyPath }: TlsOptions): Promise<{ certificate: string; key: string }> {
  const readBoth = async () => {
    const [certificate, key] = await Promise.all([
      read(certificatePath, 'FARHAND_TLS_CERT'),
      read(keyPath, 'FARHAND_TLS_KEY'),
    ]);
    return { certificate, key };
  };
  const pair = await readBoth();
  if (isPemPair(pair.certificate, pair.key)) return pair;
  const renewed = await readFile(toRenewedCertificate(certificatePath), 'utf8').catch(() => '');
  return isPemPair(renewed, pair.key) ? { certificate: renewed, key: pair.key } : readBoth();
}

async function read(path: string, name: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > maxFileBytes) throw new Error(`expected a PEM file, got ${bytes.length} bytes`);
    return bytes.toString('utf8');
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new TlsError('tls-unreadable', `${name}: expected a file that can be read, got ${path} (${said})`, {
      cause: error,
    });
  }
}

function parseCertificates(
  pem: string,
  code: 'tls-certificate-invalid' | 'tls-client-ca-invalid',
  where: string,
): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    const [first, ...rest] = readCertificates(pem);
    if (first === undefined) throw new Error('no certificate is in it');
    return [first, ...rest];
  } catch (error) {
    throw new TlsError(code, `${where}: expected certificates in PEM, got something else (${toWords(error)})`, {
      cause: error,
    });
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const isLocked = /ENCRYPTED/.test(pem);
    const got = isLocked
      ? 'one with a passphrase, which a hub that starts by itself cannot type: openssl pkey -in … -out … takes it off'
      : `something else (${toWords(error)})`;
    throw new TlsError('tls-key-invalid', `FARHAND_TLS_KEY: ${path}: expected a private key in PEM, got ${got}`);
  }
}

/** What OpenSSL alone can say, such as that a key is too short. */
function tryOut({ certificate, key, clientCa }: TlsMaterial, { certificatePath }: TlsOptions): void {
  try {
    createSecureContext({ cert: certificate, key, ...(clientCa === null ? {} : { ca: clientCa }) });
  } catch (error) {
    throw new TlsError(
      'tls-certificate-invalid',
      `FARHAND_TLS_CERT: ${certificatePath}: OpenSSL does not take it (${toWords(error)})`,
      { cause: error },
    );
  }
}

/** Messages of OpenSSL have an address and a path of its sources around what they say. */
function toWords(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return said.trim().slice(0, 200);
}
