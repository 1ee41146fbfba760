import type { SessionTransport } from '../session-transport.ts';
import { sessionTarget } from '../targets.ts';
import type { WebsocketDialler } from './websocket-dialler.ts';
import { agentSessionCodec } from './wire.ts';

/** `GET <base>/v1/sessions/<attempt>` with subprotocol `farhand.session.v1`. */
export function createSessionTransport(options: { readonly dialler: WebsocketDialler }): SessionTransport {
  return {
    name: 'websocket',
    openSession: ({ attempt, credential }, { signal }) =>
      options.dialler.open({
        target: sessionTarget(attempt),
        kind: 'session',
        codec: agentSessionCodec,
        credential,
        signal,
      }),
  };
}
