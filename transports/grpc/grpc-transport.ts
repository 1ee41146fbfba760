import type { ControlTransport } from '../control-transport.ts';
import type { SessionTransport } from '../session-transport.ts';
import { createControlTransport } from './control-transport.ts';
import { createGrpcDialler } from './grpc-dialler.ts';
import type { GrpcTransportOptions } from './options.ts';
import { createSessionTransport } from './session-transport.ts';

/** Both ways to one hub. They share the hub's last challenge, and no connection. */
export function createGrpcTransport(options: GrpcTransportOptions): {
  readonly control: ControlTransport;
  readonly session: SessionTransport;
} {
  const dialler = createGrpcDialler(options);
  return {
    control: createControlTransport({ dialler, maxEventBytes: options.limits.maxMessageBytes }),
    session: createSessionTransport({ dialler }),
  };
}
