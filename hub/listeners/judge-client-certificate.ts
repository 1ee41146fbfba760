import type { TLSSocket } from 'node:tls';
import type { ClientCertificates } from '../tls/tls-options.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';

/** OpenSSL's words for a chain that leads to none of the CAs. */
const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why this client may not come in; null if it may. Whoever shows a certificate that is no good is not let in as one who shows none. */
export function judgeClientCertificate(
  socket: Pick<TLSSocket, 'authorized' | 'authorizationError' | 'getPeerX509Certificate'>,
  asked: ClientCertificates,
): ConnectionRefusal | null {
  if (asked === 'none' || socket.authorized) return null;
  if (socket.getPeerX509Certificate() === undefined) return asked === 'required' ? 'client-certificate-missing' : null;
  const code = String(socket.authorizationError);
  if (code === 'CERT_HAS_EXPIRED') return 'client-certificate-expired';
  return untrusted.has(code) ? 'client-certificate-untrusted' : 'client-certificate-invalid';
}
