import type { UnknownFrame } from '../../protocol/parse-frame.ts';
import type { AgentFrame, HubFrame } from '../../protocol/session-frame.ts';
import type { SessionTransport } from '../../transports/session-transport.ts';

export type SessionTarget = Parameters<SessionTransport['openSession']>[0];

/** The same sessions, with a look at each frame that the agent reads, just before it does, and at each that it sends. */
export function watchSessions(
  transport: SessionTransport,
  watch: {
    readonly onFrame: (attempt: string, frame: HubFrame | UnknownFrame) => void;
    readonly onSent: (target: SessionTarget, frame: AgentFrame) => void;
  },
): SessionTransport {
  return {
    name: transport.name,
    async openSession(target, options) {
      const channel = await transport.openSession(target, options);
      return {
        id: channel.id,
        closed: channel.closed,
        send(message) {
          watch.onSent(target, message);
          return channel.send(message);
        },
        close: (closing) => channel.close(closing),
        async *[Symbol.asyncIterator]() {
          for await (const frame of channel) {
            watch.onFrame(target.attempt, frame);
            yield frame;
          }
        },
        [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
      };
    },
  };
}
