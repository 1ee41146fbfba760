import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import type { Authenticate } from '../credential.ts';
import type { ChannelLimits } from '../limits.ts';
import type { RemoteOf } from '../remote-of.ts';

export interface GrpcTransportOptions {
  /** The hub's address: grpc (without TLS) and grpcs are taken. It has no path: a call is known by its method. */
  readonly url: string;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
  /** What leads the connections to the hub; without one they are direct, and trust what Node trusts. */
  readonly outlet?: Outlet | undefined;
}

export interface GrpcListenerOptions<Principal> {
  readonly authenticate: Authenticate<Principal>;
  /** Who dials, where a proxy stands between; left out: the one at the other end of the connection. */
  readonly remoteOf?: RemoteOf | undefined;
  /** Called with the connection of a dial that was admitted. */
  readonly know?: ((socket: Socket) => void) | undefined;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
}

/**
 * Beyond the limit of a channel: a message that is a little too large is read and answered with a complaint that says so. One that is larger
 * than that is not read at all: grpc-js ends the call.
 */
const excessBytes = 1024 * 1024;

/** Largest message that grpc-js reads. */
export function toHardLimit(limits: ChannelLimits): number {
  return limits.maxMessageBytes + excessBytes;
}

/** What may be on its way to us: the 64 KiB of HTTP/2 are little on a line with a round trip of 50 ms. */
export const flowWindowBytes = 1024 * 1024;
