import type { Socket } from 'node:net';
import { ChannelCredentials } from '@grpc/grpc-js';
import type { Destination } from '../../runtime/network/destination.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import type { Route } from '../../runtime/network/route.ts';

export interface ConnectionWatch {
  /** A connection to the first hop was made, and nothing was sent on it yet. False to have it cut. */
  connected(socket: Socket): boolean;
  /** It leads to the hub, and is secured. */
  opened(socket: Socket): void;
  /** It does not, or it broke. */
  failed(error: unknown): void;
}

export interface DialledCredentialsOptions {
  readonly outlet: Outlet;
  readonly route: Route;
  readonly destination: Destination;
  readonly signal: AbortSignal;
  readonly watch: ConnectionWatch;
}

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * Shows the connections that grpc-js makes for a dial, and leads them through proxies and TLS by the outlet. grpc-js has no other way to get
 * at one, and without it a dial that is given up in its handshake leaves the socket open for as long as the other side pleases (closing the
 * client does not cut it); nor could bytes be counted as signs of life. `_createSecureConnector` is typed, and not documented: `grpc.test.ts` fails when it goes.
 */
class DialledCredentials extends ChannelCredentials {
  readonly #plain = ChannelCredentials.createInsecure();
  readonly #options: DialledCredentialsOptions;

  constructor(options: DialledCredentialsOptions) {
    super();
    this.#options = options;
  }

  override _isSecure(): boolean {
    return this.#options.destination.protocols !== null;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(...given: Parameters<ChannelCredentials['_createSecureConnector']>): Connector {
    const plain = this.#plain._createSecureConnector(...given);
    const { outlet, destination, watch } = this.#options;
    const options = this.#options;
    return {
      async connect(socket) {
        if (!watch.connected(socket)) {
          socket.destroy();
          throw new Error('the dial was given up');
        }
        try {
          const stream = await outlet.proceed(socket, options);
          stream.on('error', (error) => watch.failed(error));
          watch.opened(socket);
          return { socket: stream, secure: destination.protocols !== null };
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
