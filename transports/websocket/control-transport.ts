import type { ControlTransport } from '../control-transport.ts';
import { controlTarget } from '../targets.ts';
import type { Dialler } from './dialler.ts';
import { controlCodec } from './wire.ts';

/** `GET <base>/v1/control` with subprotocol `cloudevents.json`. */
export function createControlTransport(options: {
  readonly dialler: Dialler;
  readonly maxEventBytes: number;
}): ControlTransport {
  return {
    name: 'websocket',
    capabilities: { sessions: true, maxEventBytes: options.maxEventBytes },
    connect: (credential, { signal }) =>
      options.dialler.dial({ target: controlTarget, codec: controlCodec, credential, signal, idPrefix: 'control' }),
  };
}
