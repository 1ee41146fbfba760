import type { Socket } from 'node:net';
import { Client, type Metadata, type StatusObject } from '@grpc/grpc-js';
import type { ChannelLimits } from '../limits.ts';
import { TransportError } from '../transport-error.ts';
import { isAccepted } from './call-metadata.ts';
import { createDialledCredentials, type TlsOptions } from './dialled-credentials.ts';
import { type DialProgress, fromDialStatus } from './errors.ts';
import type { CallStream } from './grpc-channel.ts';
import { flowWindowBytes, toHardLimit } from './options.ts';

/** Where to dial, and how. */
export interface Address {
  /** For messages. */
  readonly url: string;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Null for plaintext. */
  readonly tls: TlsOptions | null;
}

/** A call that the other side accepted, on a connection of its own. */
export interface AcceptedCall {
  readonly stream: CallStream;
  readonly socket: Socket;
  /** Ends the connection when the call is over. */
  hangUp(): void;
}

export interface HandshakeOptions<T> {
  readonly address: Address;
  readonly path: string;
  readonly metadata: Metadata;
  readonly limits: ChannelLimits;
  readonly signal: AbortSignal;
  /** Called in the tick in which the call was accepted. */
  readonly onOpen: (call: AcceptedCall) => T;
}

export type HandshakeOutcome<T> =
  | { readonly type: 'opened'; readonly value: T }
  | { readonly type: 'answered'; readonly status: StatusObject; readonly error: TransportError };

const asIs = (bytes: Buffer) => bytes;

/**
 * One call on a connection of its own, dialled once. Settles when it was accepted, or when nothing is left of the attempt but at most a
 * connection that TCP has not made yet: it is cut as soon as it is made.
 * Rejects with `TransportError` (`aborted`) when the signal ended it.
 */
export function handshake<T>(options: HandshakeOptions<T>): Promise<HandshakeOutcome<T>> {
  const { signal, address } = options;
  const { url, host, port, tls } = address;
  if (signal.aborted) return Promise.reject(givenUp(url));
  const { promise, resolve, reject } = Promise.withResolvers<HandshakeOutcome<T>>();
  const sockets = new Set<Socket>();
  let securing: unknown;
  let state: 'dialling' | 'opened' | 'given-up' = 'dialling';

  const watch = {
    connected(socket: Socket) {
      if (state !== 'dialling') return false;
      sockets.add(socket);
      return true;
    },
    failed(error: unknown) {
      securing ??= error;
    },
  };
  const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const client = new Client(target, createDialledCredentials({ host, tls, watch }), toClientOptions(options.limits));
  const stream = client.makeBidiStreamRequest(options.path, asIs, asIs, options.metadata);
  // What an error says is said by the status too.
  stream.on('error', () => {});

  function giveUp(): void {
    state = 'given-up';
    signal.removeEventListener('abort', abort);
    stream.cancel();
    client.close();
    for (const socket of sockets) socket.destroy();
  }

  function abort(): void {
    giveUp();
    reject(givenUp(url));
  }

  function progress(): DialProgress {
    if (securing !== undefined) return { type: 'insecure', error: securing };
    if (sockets.size === 0) return { type: 'nothing' };
    return { type: 'connected', receivedBytes: Math.max(...[...sockets].map(({ bytesRead }) => bytesRead)) };
  }

  stream.on('metadata', (metadata) => {
    // What a proxy answers with may have a page behind it: only when it was read does the status come.
    if (!isAccepted(metadata)) {
      stream.resume();
      return;
    }
    const socket = chooseSocket(sockets, stream.getPeer());
    if (state !== 'dialling' || socket === null) return;
    state = 'opened';
    signal.removeEventListener('abort', abort);
    for (const other of sockets) if (other !== socket) other.destroy();
    resolve({ type: 'opened', value: options.onOpen({ stream, socket, hangUp: () => client.close() }) });
  });
  stream.on('status', (status) => {
    if (state !== 'dialling') return;
    const error = fromDialStatus(status, url, progress());
    giveUp();
    resolve({ type: 'answered', status, error });
  });
  signal.addEventListener('abort', abort);
  return promise;
}

/** Several connections may be tried at once when a name has several addresses: the one that the call went to. */
function chooseSocket(sockets: ReadonlySet<Socket>, peer: string): Socket | null {
  const open = [...sockets].filter(({ destroyed }) => !destroyed);
  return open.find(({ remoteAddress = '' }) => peer.includes(remoteAddress)) ?? open[0] ?? null;
}

/**
 * grpc-js without what it would do on its own: no retries (a stream is no request), no second dial, no service configuration from DNS, no
 * proxies from variables, no connection shared with another call, no pings (`Ping` is a message: see `agents.proto`).
 */
function toClientOptions(limits: ChannelLimits): Record<string, number> {
  return {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': toHardLimit(limits),
    'grpc.max_send_message_length': -1,
    'grpc-node.flow_control_window': flowWindowBytes,
  };
}

function givenUp(url: string): TransportError {
  return new TransportError('aborted', `the dial to ${url} was given up`);
}
