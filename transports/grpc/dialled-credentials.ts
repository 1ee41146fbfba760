import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';

/** What a connection is secured with beyond what Node trusts (`NODE_EXTRA_CA_CERTS` included). */
export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;

export interface ConnectionWatch {
  /** A connection was made, and nothing was sent on it yet. False to have it cut. */
  connected(socket: Socket): boolean;
  /** It could not be secured. */
  failed(error: unknown): void;
}

export interface DialledCredentialsOptions {
  readonly host: string;
  /** Null for plaintext. */
  readonly tls: TlsOptions | null;
  readonly watch: ConnectionWatch;
}

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * Shows and secures the connections that grpc-js makes for a dial. It has no other way to get at one, and without it a dial that is given up
 * in its handshake leaves the socket open for as long as the other side pleases (closing the client does not cut it); nor could bytes be
 * counted as signs of life. `_createSecureConnector` is typed, and not documented: `grpc.test.ts` fails when it goes.
 */
class DialledCredentials extends ChannelCredentials {
  readonly #plain = ChannelCredentials.createInsecure();
  readonly #options: DialledCredentialsOptions;

  constructor(options: DialledCredentialsOptions) {
    super();
    this.#options = options;
  }

  override _isSecure(): boolean {
    return this.#options.tls !== null;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(...given: Parameters<ChannelCredentials['_createSecureConnector']>): Connector {
    const plain = this.#plain._createSecureConnector(...given);
    const { host, tls, watch } = this.#options;
    return {
      async connect(socket) {
        if (!watch.connected(socket)) {
          socket.destroy();
          throw new Error('the dial was given up');
        }
        if (tls === null) return { socket, secure: false };
        try {
          return { socket: await secure(socket, host, tls), secure: true };
        } catch (error) {
          watch.failed(error);
          throw error;
        }
      },
      waitForReady: () => plain.waitForReady(),
      getCallCredentials: () => plain.getCallCredentials(),
      destroy: () => plain.destroy(),
    };
  }
}

export function createDialledCredentials(options: DialledCredentialsOptions): ChannelCredentials {
  return new DialledCredentials(options);
}

function secure(socket: Socket, host: string, tls: TlsOptions): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const secured = connectTls({
    ...tls,
    socket,
    host,
    // An address is no name that a server could choose its certificate by (RFC 6066 §3).
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
  });
  secured.on('error', reject);
  secured.on('close', () => reject(new Error('the connection was closed in the TLS handshake')));
  secured.once('secureConnect', () => {
    if (secured.alpnProtocol === 'h2') resolve(secured);
    else secured.destroy(new Error('expected HTTP/2 over TLS (ALPN h2), and the other side speaks none'));
  });
  return promise;
}
