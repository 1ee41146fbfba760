import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ProblemCode, problems } from '../../protocol/problem.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';

/** What is said to those who can still be told why they are not let in. */
const words: Readonly<Partial<Record<ConnectionRefusal, { readonly code: ProblemCode; readonly detail: string }>>> = {
  plaintext: {
    code: 'tls-needed',
    detail: 'this port speaks TLS, and plaintext came: begin the address with https:// (wss://, grpcs:// for an agent)',
  },
  'client-certificate-missing': {
    code: 'client-certificate-needed',
    detail:
      'this hub lets in only who shows a certificate of its client CA, and none was shown: set FARHAND_TLS_CERT and FARHAND_TLS_KEY',
  },
  'client-certificate-expired': {
    code: 'client-certificate-invalid',
    detail: 'the certificate that was shown has expired: renew it',
  },
  'client-certificate-untrusted': {
    code: 'client-certificate-invalid',
    detail:
      'the certificate that was shown is of no CA that this hub knows: expected one that FARHAND_TLS_CLIENT_CA of the hub has signed',
  },
  'client-certificate-invalid': {
    code: 'client-certificate-invalid',
    detail:
      'the certificate that was shown is not accepted: expected one for clients (clientAuth) that is valid now, with its chain',
  },
};

/** Codes of gRPC: FAILED_PRECONDITION for who speaks something else, UNAUTHENTICATED for who is not known. */
function toGrpcStatus(reason: ConnectionRefusal): number {
  return reason === 'plaintext' ? 9 : 16;
}

/** Answers one who speaks HTTP/1 and hangs up. Nothing of what came is read. */
export function turnAwayHttp1(socket: Socket, reason: ConnectionRefusal): void {
  const said = words[reason];
  if (said === undefined) {
    socket.destroy();
    return;
  }
  const { status, title } = problems[said.code];
  const body = JSON.stringify({ type: `urn:farhand:problem:${said.code}`, title, status, ...said });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  // What was not read would turn the end into a reset, and a reset takes the answer along.
  socket.resume();
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Answers the first call of one who speaks HTTP/2, as gRPC does, and hangs up. Rejects only when the module cannot be loaded. */
export async function turnAwayHttp2(socket: Socket, reason: ConnectionRefusal): Promise<void> {
  const { performServerHandshake } = await import('node:http2');
  if (socket.destroyed) return;
  const session = performServerHandshake(socket, { settings: { maxConcurrentStreams: 1 } });
  session.on('error', () => socket.destroy());
  session.on('stream', (stream) => {
    stream.on('error', () => {});
    const headers = {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(toGrpcStatus(reason)),
      'grpc-message': encodeURIComponent(words[reason]?.detail ?? reason),
    };
    stream.respond(headers, { endStream: true });
    session.close();
  });
}
