import type { SessionTransport } from '../session-transport.ts';
import { sessionTarget } from '../targets.ts';
import type { Dialler } from './dialler.ts';
import { agentSessionCodec } from './wire.ts';

/** `GET <base>/v1/sessions/<attempt>` with subprotocol `farhand.session.v1`. */
export function createSessionTransport(options: { readonly dialler: Dialler }): SessionTransport {
  return {
    name: 'websocket',
    openSession: ({ attempt, credential }, { signal }) =>
      options.dialler.dial({
        target: sessionTarget(attempt),
        codec: agentSessionCodec,
        credential,
        signal,
        idPrefix: 'session',
      }),
  };
}
