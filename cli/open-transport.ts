import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Outlet } from '../runtime/network/outlet.ts';
import type { ControlTransport } from '../transports/control-transport.ts';
import type { ChannelLimits } from '../transports/limits.ts';
import type { SessionTransport } from '../transports/session-transport.ts';

/** Both ways to the hub at an address, by its scheme. Loads the code of that wire alone. */
export async function openTransport(options: {
  readonly url: URL;
  readonly outlet: Outlet;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
}): Promise<{ readonly control: ControlTransport; readonly session: SessionTransport }> {
  const { protocol, href } = options.url;
  if (/^grpcs?:$/.test(protocol)) {
    const { createGrpcTransport } = await import('../transports/grpc/grpc-transport.ts');
    return createGrpcTransport({ ...options, url: href });
  }
  const { createWebsocketTransport } = await import('../transports/websocket/websocket-transport.ts');
  return createWebsocketTransport({ ...options, url: href });
}
