import type { ControlTransport } from '../control-transport.ts';
import type { SessionTransport } from '../session-transport.ts';
import { createControlTransport } from './control-transport.ts';
import type { WebsocketTransportOptions } from './options.ts';
import { createSessionTransport } from './session-transport.ts';
import { createWebsocketDialler } from './websocket-dialler.ts';

/** Both ways to one hub. They share the hub's last challenge. */
export function createWebsocketTransport(options: WebsocketTransportOptions): {
  readonly control: ControlTransport;
  readonly session: SessionTransport;
} {
  const dialler = createWebsocketDialler(options);
  return {
    control: createControlTransport({ dialler, maxEventBytes: options.limits.maxMessageBytes }),
    session: createSessionTransport({ dialler }),
  };
}
