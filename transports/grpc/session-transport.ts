import type { SessionTransport } from '../session-transport.ts';
import { sessionTarget } from '../targets.ts';
import type { GrpcDialler } from './grpc-dialler.ts';
import { agentSessionCodec } from './wire.ts';

/** `farhand.v1.Agents/Session`, with the attempt in the metadata. */
export function createSessionTransport(options: { readonly dialler: GrpcDialler }): SessionTransport {
  return {
    name: 'grpc',
    openSession: ({ attempt, credential }, { signal }) =>
      options.dialler.open({
        target: sessionTarget(attempt),
        kind: 'session',
        attempt,
        codec: agentSessionCodec,
        credential,
        signal,
      }),
  };
}
