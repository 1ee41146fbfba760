import type { SessionTransport } from '../session-transport.ts';
import { sessionTarget } from '../targets.ts';
import type { WebsocketDialler } from './websocket-dialler.ts';
import { createAgentSessionCodec } from './wire.ts';

/** `GET <base>/v1/sessions/<attempt>` with subprotocol `farhand.session.v1`. */
export function createSessionTransport(options: { readonly dialler: WebsocketDialler }): SessionTransport {
  const codec = createAgentSessionCodec();
  return {
    name: 'websocket',
    openSession: ({ attempt, credential }, { signal }) =>
      options.dialler.open({
        target: sessionTarget(attempt),
        kind: 'session',
        codec,
        credential,
        signal,
      }),
  };
}
