import type { SessionTransport } from '../session-transport.ts';
import { sessionTarget } from '../targets.ts';
import type { MemoryDialler } from './memory-dialler.ts';
import { agentSessionCodec } from './wire.ts';

export function createSessionTransport(options: { readonly dialler: MemoryDialler }): SessionTransport {
  return {
    name: 'memory',
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
