import { OutletError, type OutletErrorCode } from './outlet-error.ts';
import { toSystemCode, toSystemWords } from './system-words.ts';

/** What to correct, in the words of whoever named the files. */
export interface TlsHints {
  /** What to do about a CA that nobody knows. */
  readonly ca: string;
  /** What names our certificate and its key. */
  readonly certificate: string;
  /** What names another name for the server. */
  readonly serverName: string;
}

export const ownTlsHints: TlsHints = {
  ca: 'name the file with the certificate of that CA in FARHAND_TLS_CA',
  certificate: 'FARHAND_TLS_CERT and FARHAND_TLS_KEY',
  serverName: 'FARHAND_TLS_SERVER_NAME',
};

export interface TlsParty {
  /** Who is spoken to, as it may be shown. */
  readonly who: string;
  /** Whether a certificate of ours is shown to whoever asks for one. */
  readonly hasClientCertificate: boolean;
  readonly hints: TlsHints;
}

/** OpenSSL's words for a chain that leads to nobody whom this machine trusts. */
export const unknownIssuerCodes: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const certificateWords: readonly {
  readonly codes: RegExp;
  readonly code: OutletErrorCode;
  readonly words: string;
}[] = [
  {
    codes: /^CERT_HAS_EXPIRED$/,
    code: 'certificate-expired',
    words:
      'its certificate has expired: renew it there; if it has not, set the clock of this machine (timedatectl set-ntp true)',
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    code: 'certificate-not-yet-valid',
    words: 'its certificate is not valid yet: set the clock of this machine (timedatectl set-ntp true), or wait',
  },
  {
    codes: /^CERT_|^UNABLE_TO_|^HOSTNAME_|^INVALID_|^ERROR_IN_|^PATH_LENGTH_/,
    code: 'certificate-invalid',
    words: 'its certificate is not accepted: look the code up in the documentation of OpenSSL (man verify)',
  },
];

/** What the other side says of a certificate of ours, or for want of one. */
const aboutOurs =
  /_ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/;
/** What bytes that are no TLS look like to it. */
const noTls =
  /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|BAD_RECORD_TYPE|RECORD_TOO_SMALL|NOT_SSL_RECORD_OR_UNSUPPORTED_PROTOCOL)$/;
const oldVersion = /^ERR_SSL_(?:UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION|VERSION_TOO_LOW|.*LEGACY_SIGALG.*)$/;
const ofTls = /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/;

/** What befell TLS, in the handshake or (TLS 1.3) just behind it; null for an error of anything else. */
export function toTlsFault(error: unknown, { who, hasClientCertificate, hints }: TlsParty): OutletError | null {
  const code = toSystemCode(error);
  const nameOurs = `name one that it accepts and its key: ${hints.certificate}`;
  const fault = (kind: OutletErrorCode, words: string) =>
    new OutletError(kind, `no TLS connection to ${who}: ${words}`, { cause: error });
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return fault(
      'certificate-other-host',
      `its certificate is for another host (${toSystemWords(error).slice(0, 300)}): use a name that it has, or ${hints.serverName}`,
    );
  }
  if (unknownIssuerCodes.has(code)) {
    return fault(
      'certificate-unknown-ca',
      `this machine does not know the CA of its certificate (${code}): ${hints.ca}, or have the server send its intermediate certificates too`,
    );
  }
  const known = certificateWords.find(({ codes }) => codes.test(code));
  if (known !== undefined) return fault(known.code, `${known.words} (${code})`);
  if (noTls.test(code)) {
    return fault('no-tls-there', `it answers without TLS (${code}): check the scheme and the port of the address`);
  }
  if (oldVersion.test(code)) {
    return fault('tls-version', `it speaks versions of TLS below 1.2 alone (${code}): update it`);
  }
  if (code.endsWith('_ALERT_CERTIFICATE_REQUIRED') || (aboutOurs.test(code) && !hasClientCertificate)) {
    return fault('client-certificate-missing', `it wants a certificate of the client (${code}): ${nameOurs}`);
  }
  if (aboutOurs.test(code)) {
    return fault(
      'client-certificate-refused',
      `it does not accept the certificate of the client (${code}): ${nameOurs}`,
    );
  }
  if (code.endsWith('_ALERT_HANDSHAKE_FAILURE') && !hasClientCertificate) {
    return fault(
      'client-certificate-missing',
      `it refused the handshake (${code}), mostly for want of a certificate of the client: ${nameOurs}`,
    );
  }
  if (code.endsWith('_ALERT_NO_APPLICATION_PROTOCOL')) {
    return fault(
      'tls-failed',
      `it speaks none of the protocols that we do (${code}): check the scheme and the port of the address`,
    );
  }
  return ofTls.test(code) ? fault('tls-failed', `${toSystemWords(error).slice(0, 300)} (${code})`) : null;
}
