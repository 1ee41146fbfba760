import type { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { ConfigError } from '../configuration/config-error.ts';
import type { Logger } from '../logger.ts';
import { readCertificates } from '../read-certificates.ts';
import { isPemPair, toRenewedCertificate } from '../renewed-certificate.ts';
import { toSubjectLine } from '../subject-line.ts';

export interface TlsSettings {
  /** Path of a PEM file with certificates that are trusted besides those that Node trusts. */
  readonly ca: string | null;
  /** Paths of PEM files: the certificate that is shown to servers that ask for one, with its chain, and its key. Both or none. */
  readonly cert: string | null;
  readonly key: string | null;
  /** The name that servers are asked for, and that their certificates must have; null for that of the address. */
  readonly serverName: string | null;
}

export const noTlsSettings: TlsSettings = { ca: null, cert: null, key: null, serverName: null };

/** The certificate that we show. */
export interface ShownCertificate {
  readonly file: string;
  readonly subject: string;
  readonly notAfter: number;
}

/**
 * What TLS needs from files. They are looked at again before each connection: what changed is used from then on, and connections that are open
 * keep what they have. Files that cannot be used (a certificate whose key is not there yet) change nothing: the last that could be is kept.
 */
export interface TlsFiles {
  /** What the next connection takes. */
  read(): TlsMaterial;
  /** Why what was on the disk at the last look is not used; null where it is. */
  readonly problem: string | null;
}

export interface TlsMaterial {
  forServers(): SecureContext;
  /** Trusts the same, and shows no certificate. */
  forProxies(): SecureContext;
  readonly certificate: ShownCertificate | null;
}

interface Loaded extends TlsMaterial {
  readonly stamp: string;
  /** Who is trusted besides those that Node trusts, by subject. */
  readonly authorities: readonly string[];
}

class WatchedTlsFiles implements TlsFiles {
  readonly #settings: TlsSettings;
  readonly #logger: Logger;
  #loaded: Loaded;
  /** Of files that could not be used, so that each state of them is told once. */
  #refused: string | null = null;
  problem: string | null = null;

  constructor(settings: TlsSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    this.#loaded = load(settings, toStamp(settings));
  }

  read(): TlsMaterial {
    const stamp = toStamp(this.#settings);
    if (stamp === this.#loaded.stamp) {
      this.#refused = this.problem = null;
      return this.#loaded;
    }
    if (stamp === this.#refused) return this.#loaded;
    try {
      this.#loaded = load(this.#settings, stamp);
      this.#refused = this.problem = null;
      const { certificate, authorities } = this.#loaded;
      this.#logger.info({ certificate, authorities }, 'TLS files read again');
    } catch (error) {
      this.#refused = stamp;
      this.problem = error instanceof Error ? error.message : String(error);
      this.#logger.warn({ why: this.problem }, 'TLS files changed and cannot be used, the earlier ones are kept');
    }
    return this.#loaded;
  }
}

/** Throws `ConfigError` where they cannot be used from the start. */
export function openTlsFiles(settings: TlsSettings, logger: Logger): TlsFiles {
  return new WatchedTlsFiles(settings, logger);
}

/** Changes when one of the files does. A link is followed: what secrets are mounted as changes by links. */
function toStamp({ ca, cert, key }: TlsSettings): string {
  return [ca, cert, key]
    .map((path) => {
      if (path === null) return '';
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
        return [dev, ino, size, mtimeNs, ctimeNs].join(':');
      } catch {
        return 'none';
      }
    })
    .join(' ');
}

function load({ ca, cert, key }: TlsSettings, stamp: string): Loaded {
  const authorities = ca === null ? null : readCertificateFile('FARHAND_TLS_CA', ca);
  const { chain, secret } = readPair(cert, key);
  const first = chain?.certificates[0];
  const forServers = once(() => createContext({ authorities, chain, secret }));
  const forProxies = once(() => createContext({ authorities, chain: null, secret: null }));
  // What Node trusts alone takes memory, and a process that dials plaintext does without.
  if (authorities !== null || chain !== null) forServers();
  return {
    stamp,
    authorities: (authorities?.certificates ?? []).map(toSubjectLine),
    forServers,
    forProxies: chain === null ? forServers : forProxies,
    certificate:
      first === undefined || cert === null
        ? null
        : { file: cert, subject: toSubjectLine(first), notAfter: Date.parse(first.validTo) },
  };
}

/** Of a renewal that is under way, or was killed on the way, the pair that is whole. */
function readPair(cert: string | null, key: string | null): { chain: CertificateFile | null; secret: PemFile | null } {
  const readBoth = () => ({
    chain: cert === null ? null : readCertificateFile('FARHAND_TLS_CERT', cert),
    secret: key === null ? null : read('FARHAND_TLS_KEY', key),
  });
  const pair = readBoth();
  const { chain, secret } = pair;
  if (cert === null || chain === null || secret === null || isPemPair(chain.text, secret.text)) return pair;
  try {
    const renewed = readCertificateFile('FARHAND_TLS_CERT', toRenewedCertificate(cert));
    return isPemPair(renewed.text, secret.text) ? { chain: renewed, secret } : readBoth();
  } catch {
    return readBoth();
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

interface PemFile {
  readonly path: string;
  readonly text: string;
}

interface CertificateFile extends PemFile {
  readonly certificates: readonly X509Certificate[];
}

function createContext(files: {
  readonly authorities: PemFile | null;
  readonly chain: PemFile | null;
  readonly secret: PemFile | null;
}): SecureContext {
  const { authorities, chain, secret } = files;
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      // Given any, Node trusts no others: those that it trusts without are given, too.
      ...(authorities === null ? {} : { ca: [...getCACertificates('default'), authorities.text] }),
      ...(chain === null || secret === null ? {} : { cert: chain.text, key: secret.text }),
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `FARHAND_TLS_KEY: expected the key of the certificate in ${chain?.path ?? '?'} (PEM, without a passphrase), got ${secret?.path ?? '?'}, which is not (${said})`,
    ]);
  }
}

function readCertificateFile(variable: string, path: string): CertificateFile {
  const { text } = read(variable, path);
  try {
    const certificates = readCertificates(text);
    if (certificates.length === 0) throw new Error('there is none in it');
    return { path, text, certificates };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${variable}: expected certificates in PEM, got ${path} (${said})`]);
  }
}

function read(variable: string, path: string): PemFile {
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${variable}: expected a file that can be read, got ${path} (${said})`]);
  }
}
