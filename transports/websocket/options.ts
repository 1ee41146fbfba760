import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import type { Authenticate } from '../credential.ts';
import type { ChannelLimits } from '../limits.ts';
import type { RemoteOf } from '../remote-of.ts';

export interface WebsocketTransportOptions {
  /** The hub's address, with the path it is served under: ws, wss, http and https are taken. */
  readonly url: string;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
  /** What opens the connections; without one they are direct, and trust what Node trusts. */
  readonly outlet?: Outlet | undefined;
}

export interface WebsocketListenerOptions<Principal> {
  readonly authenticate: Authenticate<Principal>;
  /** Who dials, where a proxy stands between; left out: the one at the other end of the connection. */
  readonly remoteOf?: RemoteOf | undefined;
  /** Called with the connection of a dial that was admitted. */
  readonly know?: ((socket: Socket) => void) | undefined;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
  /** What stands before `/v1/…` in the paths, without a slash at the end. */
  readonly pathPrefix?: string | undefined;
}
