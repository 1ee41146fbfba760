import type { ControlTransport } from '../control-transport.ts';
import { controlTarget } from '../targets.ts';
import type { WebsocketDialler } from './websocket-dialler.ts';
import { controlCodec } from './wire.ts';

/** `GET <base>/v1/control` with subprotocol `cloudevents.json`. */
export function createControlTransport(options: {
  readonly dialler: WebsocketDialler;
  readonly maxEventBytes: number;
}): ControlTransport {
  return {
    name: 'websocket',
    capabilities: { sessions: true, maxEventBytes: options.maxEventBytes },
    connect: (credential, { signal }) =>
      options.dialler.open({ target: controlTarget, kind: 'control', codec: controlCodec, credential, signal }),
  };
}
