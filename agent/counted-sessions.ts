import type { AgentSessionChannel, SessionTransport } from '../transports/session-transport.ts';

/** The same transport, with a word about each piece of a stream that the wire took. */
export function countSessions(transport: SessionTransport, onSent: (bytes: number) => void): SessionTransport {
  function count(channel: AgentSessionChannel): AgentSessionChannel {
    return {
      id: channel.id,
      closed: channel.closed,
      async send(frame) {
        await channel.send(frame);
        if (frame.type === 'log') onSent(frame.bytes.length);
      },
      close: (options) => channel.close(options),
      [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
      [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
    };
  }
  return {
    name: transport.name,
    openSession: async (target, options) => count(await transport.openSession(target, options)),
  };
}
