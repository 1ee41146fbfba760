import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { awaitSocket } from './await-socket.ts';
import { OutletError } from './outlet-error.ts';
import { type TlsParty, toTlsFault } from './tls-fault.ts';

export interface SecuringOptions extends TlsParty {
  readonly context: SecureContext;
  /** What the certificate must be for. */
  readonly name: string;
  readonly protocols: readonly string[];
  readonly signal: AbortSignal;
  /** False: whoever answers is believed. */
  readonly verifies: boolean;
}

/** Speaks TLS over a connection that is there. Rejects with `OutletError` or the signal's reason, and then the connection is destroyed. */
export async function secureSocket(socket: Socket, options: SecuringOptions): Promise<TLSSocket> {
  const { context, name, protocols, signal, verifies, who } = options;
  const secured = connectTls({
    socket,
    secureContext: context,
    host: name,
    // An address is no name that a server could choose its certificate by (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : '',
    ALPNProtocols: [...protocols],
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: verifies,
  });
  try {
    await awaitSocket(secured, { event: 'secureConnect', signal });
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw error;
    throw toTlsFault(error, options) ?? toEnd(error, options);
  }
  // Whoever speaks HTTP/1.1 alone may say nothing of protocols; of HTTP/2 it must be said.
  if (secured.alpnProtocol === false && !protocols.includes('http/1.1')) {
    secured.destroy();
    throw new OutletError(
      'tls-failed',
      `no TLS connection to ${who}: expected it to speak ${protocols.join(' or ')} (ALPN), and it does not: check the scheme and the port of the address`,
    );
  }
  return secured;
}

function toEnd(error: unknown, { who, hasClientCertificate, hints }: TlsParty): OutletError {
  return new OutletError(
    'ended',
    `no TLS connection to ${who}: it ended the connection in the handshake; check that this port speaks TLS${
      hasClientCertificate ? '' : `, and name a certificate where it wants one: ${hints.certificate}`
    }`,
    { cause: error },
  );
}
