import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { readSubjectAltNames } from '../runtime/subject-alt-names.ts';
import { toIssuerLine, toSubjectLine } from '../runtime/subject-line.ts';

/** A certificate that the other side showed in the TLS handshake and that a CA of ours has signed. */
export interface ClientCertificate {
  /** `CN=a1, O=…`, for messages. */
  readonly subject: string;
  /** Who signed it, likewise. */
  readonly issuer: string;
  /** Its URIs (RFC 5280 §4.2.1.6): names of what the certificate is for. */
  readonly uris: readonly string[];
}

/** Null without TLS, and where none was shown or asked for. */
export function readClientCertificate(socket: Duplex): ClientCertificate | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const names = readSubjectAltNames(certificate.subjectAltName);
  return {
    subject: toSubjectLine(certificate),
    issuer: toIssuerLine(certificate),
    uris: names.filter(({ kind }) => kind === 'URI').map(({ value }) => value),
  };
}
