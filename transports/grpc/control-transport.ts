import type { ControlTransport } from '../control-transport.ts';
import { controlTarget } from '../targets.ts';
import type { GrpcDialler } from './grpc-dialler.ts';
import { controlCodec } from './wire.ts';

/** `farhand.v1.Agents/Control`. */
export function createControlTransport(options: {
  readonly dialler: GrpcDialler;
  readonly maxEventBytes: number;
}): ControlTransport {
  return {
    name: 'grpc',
    capabilities: { sessions: true, maxEventBytes: options.maxEventBytes },
    connect: (credential, { signal }) =>
      options.dialler.open({
        target: controlTarget,
        kind: 'control',
        attempt: null,
        codec: controlCodec,
        credential,
        signal,
      }),
  };
}
