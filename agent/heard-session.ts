import type { UnknownFrame } from '../protocol/parse-frame.ts';
import type { HubFrame } from '../protocol/session-frame.ts';
import type { AgentSessionChannel } from '../transports/session-transport.ts';

/** The same session; `hear` is called with each frame of the hub before its reader gets it. */
export function hearSession(
  channel: AgentSessionChannel,
  hear: (frame: HubFrame | UnknownFrame) => void,
): AgentSessionChannel {
  return {
    id: channel.id,
    closed: channel.closed,
    send: (frame) => channel.send(frame),
    close: (options) => channel.close(options),
    async *[Symbol.asyncIterator]() {
      for await (const frame of channel) {
        hear(frame);
        yield frame;
      }
    },
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}
