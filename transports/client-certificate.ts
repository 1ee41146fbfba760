import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** A certificate that the other side showed in the TLS handshake and that a CA of ours has signed. */
export interface ClientCertificate {
  /** `CN=a1, O=…`, for messages. */
  readonly subject: string;
  /** Its URIs (RFC 5280 §4.2.1.6): names of what the certificate is for. */
  readonly uris: readonly string[];
}

/** Null without TLS, and where none was shown or asked for. */
export function readClientCertificate(socket: Duplex): ClientCertificate | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  return { subject: certificate.subject.replaceAll('\n', ', '), uris: readUris(certificate.subjectAltName ?? '') };
}

/** Node writes a value that has a comma or a quote in it as a JSON string, so that no value looks like two (CVE-2021-44532). */
function readUris(names: string): readonly string[] {
  const uris: string[] = [];
  for (const match of names.matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g)) {
    const [, kind, value = ''] = match;
    if (kind === 'URI') uris.push(value.startsWith('"') ? (JSON.parse(value) as string) : value);
  }
  return uris;
}
