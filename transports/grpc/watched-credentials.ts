import type { Socket } from 'node:net';
import { ChannelCredentials } from '@grpc/grpc-js';

export interface ConnectionWatch {
  /** A connection was made, and nothing was sent on it yet. False to have it cut. */
  connected(socket: Socket): boolean;
  /** It could not be secured. */
  failed(error: unknown): void;
}

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * Credentials that show the connections which grpc-js makes with them. It has no other way to get at one, and without it a dial that is
 * given up in its handshake leaves the socket open for as long as the other side pleases (closing the client does not cut it); nor could
 * bytes be counted as signs of life. `_createSecureConnector` is typed, and not documented: `grpc.test.ts` fails when it goes.
 */
class WatchedCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials;
  readonly #watch: ConnectionWatch;

  constructor(inner: ChannelCredentials, watch: ConnectionWatch) {
    super();
    this.#inner = inner;
    this.#watch = watch;
  }

  override _isSecure(): boolean {
    return this.#inner._isSecure();
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(...given: Parameters<ChannelCredentials['_createSecureConnector']>): Connector {
    const connector = this.#inner._createSecureConnector(...given);
    const watch = this.#watch;
    return {
      async connect(socket) {
        if (!watch.connected(socket)) {
          socket.destroy();
          throw new Error('the dial was given up');
        }
        try {
          return await connector.connect(socket);
        } catch (error) {
          watch.failed(error);
          throw error;
        }
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }
}

export function watchCredentials(inner: ChannelCredentials, watch: ConnectionWatch): ChannelCredentials {
  return new WatchedCredentials(inner, watch);
}
