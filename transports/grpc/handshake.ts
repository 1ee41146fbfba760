import type { Socket } from 'node:net';
import { Client, type Metadata, type StatusObject } from '@grpc/grpc-js';
import { type Destination, toAuthority } from '../../runtime/network/destination.ts';
import { type Outlet, toFirstHop } from '../../runtime/network/outlet.ts';
import { OutletError } from '../../runtime/network/outlet-error.ts';
import type { Route } from '../../runtime/network/route.ts';
import { fromOutletError } from '../from-outlet-error.ts';
import type { ChannelLimits } from '../limits.ts';
import { TransportError } from '../transport-error.ts';
import { isAccepted } from './call-metadata.ts';
import { createDialledCredentials } from './dialled-credentials.ts';
import { type DialProgress, fromDialStatus } from './errors.ts';
import type { CallStream } from './grpc-channel.ts';
import { flowWindowBytes, toHardLimit } from './options.ts';

/** Where to dial, and how. */
export interface Address {
  /** For messages. */
  readonly url: string;
  readonly destination: Destination;
  readonly outlet: Outlet;
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
export async function handshake<T>(options: HandshakeOptions<T>): Promise<HandshakeOutcome<T>> {
  const { signal, address } = options;
  const { url, destination, outlet } = address;
  if (signal.aborted) throw givenUp(url);
  const route = outlet.routeTo(destination);
  try {
    return await call(options, { route, target: toAuthority(toFirstHop(route, destination)) });
  } catch (error) {
    throw error instanceof OutletError ? fromOutletError(error, url) : error;
  }
}

/** `target` is where grpc-js connects to. */
function call<T>(
  options: HandshakeOptions<T>,
  { route, target }: { readonly route: Route; readonly target: string },
): Promise<HandshakeOutcome<T>> {
  const { signal, address } = options;
  const { url, destination, outlet } = address;
  const { promise, resolve, reject } = Promise.withResolvers<HandshakeOutcome<T>>();
  /** With the bytes that came before the hub's own. */
  const sockets = new Map<Socket, number>();
  const leading = new AbortController();
  let broken: unknown;
  let state: 'dialling' | 'opened' | 'given-up' = 'dialling';

  const watch = {
    connected(socket: Socket) {
      if (state !== 'dialling') return false;
      sockets.set(socket, Number.POSITIVE_INFINITY);
      return true;
    },
    opened(socket: Socket) {
      sockets.set(socket, socket.bytesRead);
    },
    failed(error: unknown) {
      broken ??= error;
    },
  };
  const credentials = createDialledCredentials({ outlet, route, destination, watch, signal: leading.signal });
  const client = new Client(target, credentials, {
    ...toClientOptions(options.limits),
    'grpc.default_authority': toAuthority(destination),
  });
  const stream = client.makeBidiStreamRequest(options.path, asIs, asIs, options.metadata);
  // What an error says is said by the status too.
  stream.on('error', () => {});

  function giveUp(): void {
    state = 'given-up';
    signal.removeEventListener('abort', abort);
    stream.cancel();
    client.close();
    leading.abort();
    for (const socket of sockets.keys()) socket.destroy();
  }

  function abort(): void {
    giveUp();
    reject(givenUp(url));
  }

  function progress(): DialProgress {
    if (sockets.size === 0) return { type: 'nothing' };
    if (broken instanceof OutletError) return { type: 'failed', error: broken };
    const heard = [...sockets].some(([{ bytesRead }, before]) => bytesRead > before);
    return { type: 'connected', error: broken ?? null, heard };
  }

  stream.on('metadata', (metadata) => {
    // What a proxy answers with may have a page behind it: only when it was read does the status come.
    if (!isAccepted(metadata)) {
      stream.resume();
      return;
    }
    const socket = chooseSocket([...sockets.keys()], stream.getPeer());
    if (state !== 'dialling' || socket === null) return;
    state = 'opened';
    signal.removeEventListener('abort', abort);
    for (const other of sockets.keys()) if (other !== socket) other.destroy();
    resolve({ type: 'opened', value: options.onOpen({ stream, socket, hangUp: () => client.close() }) });
  });
  stream.on('status', (status) => {
    if (state !== 'dialling') return;
    const error = fromDialStatus(status, { url, route, destination, outlet, progress: progress() });
    giveUp();
    resolve({ type: 'answered', status, error });
  });
  signal.addEventListener('abort', abort);
  return promise;
}

/** Several connections may be tried at once when a name has several addresses: the one that the call went to. */
function chooseSocket(sockets: readonly Socket[], peer: string): Socket | null {
  const open = sockets.filter(({ destroyed }) => !destroyed);
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
