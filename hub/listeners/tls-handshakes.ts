import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { TlsKeeper } from '../tls/tls-keeper.ts';
import type { TlsMaterial } from '../tls/tls-material.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';
import { judgeClientCertificate } from './judge-client-certificate.ts';

/** How a handshake ended. A connection that is to be turned away can still be answered. */
export type Handshake =
  | { readonly type: 'secured'; readonly socket: TLSSocket }
  | { readonly type: 'unwanted'; readonly socket: TLSSocket; readonly reason: ConnectionRefusal }
  | { readonly type: 'failed'; readonly reason: ConnectionRefusal; readonly detail: string };

export interface TlsHandshakes {
  /** Takes a connection from its first byte, which may have been read and put back. `done` is called once, or never if `socket` closes before. */
  begin(socket: Socket, done: (outcome: Handshake) => void): void;
}

/**
 * Nothing is resumed: a client's certificate is looked at each time, there are no ticket keys to keep or change, and agents connect
 * rarely. A renegotiation is for clients that would make the hub work.
 */
const secureOptions = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION;
/** Whoever calls has a deadline of his own. */
const noTimeoutMs = 2 ** 31 - 1;

/** Makes connections secure, each with what `keeper` has at its beginning. They stay as they are when that changes. */
export function createTlsHandshakes(keeper: TlsKeeper): TlsHandshakes {
  const { clientCertificates } = keeper.files;
  /** By both ends of the connection: what the server tells of is not the socket that it was given. */
  const waiting = new Map<string, (outcome: Handshake) => void>();
  const server = createServer({
    ...toContext(keeper.current),
    // The first that a client offers, too. HTTP/2 is here for gRPC alone, whose clients offer nothing else; curl, browsers and Go offer both.
    ALPNProtocols: ['http/1.1', 'h2'],
    requestCert: clientCertificates !== 'none',
    // Node would hang up on one with a bad certificate and not say why.
    rejectUnauthorized: false,
    handshakeTimeout: noTimeoutMs,
  });
  keeper.watch((material) => server.setSecureContext(toContext(material)));

  server.on('secureConnection', (socket) => {
    const done = waiting.get(nameOf(socket));
    if (done === undefined) {
      socket.destroy();
      return;
    }
    const reason = judgeClientCertificate(socket, clientCertificates);
    const shown = reason === null ? socket.getPeerX509Certificate() : undefined;
    if (shown !== undefined) keeper.letIn(shown);
    done(reason === null ? { type: 'secured', socket } : { type: 'unwanted', socket, reason });
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    waiting.get(nameOf(socket))?.({ type: 'failed', reason: toReason(error.code ?? ''), detail: error.code ?? '' });
  });

  return {
    begin(socket, done) {
      const name = nameOf(socket);
      const settle = (outcome: Handshake) => {
        waiting.delete(name);
        done(outcome);
      };
      waiting.set(name, settle);
      // As with https: one who ends in the handshake has gone, and is not waited for.
      socket.allowHalfOpen = false;
      socket.once('close', () => {
        if (waiting.get(name) === settle) settle({ type: 'failed', reason: 'gone', detail: '' });
      });
      server.emit('connection', socket);
    },
  };
}

function toContext({ certificate, key, clientCa }: TlsMaterial) {
  return {
    cert: certificate,
    key,
    ...(clientCa === null ? {} : { ca: clientCa }),
    minVersion: 'TLSv1.2' as const,
    secureOptions,
  };
}

function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Alerts by which a client says that it does not take a certificate (RFC 8446 §6.2). */
const certificateAlerts =
  /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA)/;

function toReason(code: string): ConnectionRefusal {
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'gone';
  return certificateAlerts.test(code) ? 'certificate-refused' : 'handshake';
}
