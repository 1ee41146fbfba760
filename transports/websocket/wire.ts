import { type CloudEvent, parseCloudEvent } from '../../protocol/cloud-event.ts';
import { parseAgentFrame, parseHubFrame, type UnknownFrame } from '../../protocol/parse-frame.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import type { AgentFrame, HubFrame } from '../../protocol/session-frame.ts';
import { decodeLogMessage, encodeLogMessage, maxLogMessageBytes } from './log-message.ts';
import { MessageMemory } from './message-memory.ts';

/** How the messages of one kind of channel look on the wire: text (a string) or binary. */
export interface Codec<In, Out> {
  readonly subprotocol: string;
  /** Throws `ProtocolError` (`too-large`). */
  encode(message: Out): string | Uint8Array;
  /** The wire has taken what `encode` answered: it is not read again. */
  written(payload: string | Uint8Array): void;
  /** Throws `ProtocolError`. The answer may share memory with `data`. */
  decode(data: Buffer, binary: boolean): In;
}

function textOf(data: Buffer, binary: boolean, what: string): string {
  if (binary)
    throw new ProtocolError(
      'invalid',
      `expected a text message with a ${what}, got a binary one of ${data.length} bytes`,
    );
  return data.toString('utf8');
}

/** CloudEvents WebSocket binding: one event in structured JSON form a text message. */
export const controlCodec: Codec<CloudEvent, CloudEvent> = {
  subprotocol: 'cloudevents.json',
  encode: (event) => JSON.stringify(event),
  written: () => {},
  decode: (data, binary) => parseCloudEvent(textOf(data, binary, 'CloudEvent')),
};

const sessionSubprotocol = 'farhand.session.v1';

/**
 * The agent's end of a session: sends log bytes as binary messages, everything else both ways is JSON text. One serves all sessions of an
 * agent, which share the memory of these messages.
 */
export function createAgentSessionCodec(): Codec<HubFrame | UnknownFrame, AgentFrame> {
  const memory = new MessageMemory(maxLogMessageBytes);
  const allocate = (bytes: number) => memory.take(bytes);
  return {
    subprotocol: sessionSubprotocol,
    encode: (frame) => (frame.type === 'log' ? encodeLogMessage(frame, allocate) : JSON.stringify(frame)),
    written: (payload) => {
      if (typeof payload !== 'string') memory.giveBack(payload);
    },
    decode: (data, binary) => parseHubFrame(textOf(data, binary, 'hub frame')),
  };
}

/** The hub's end of a session. */
export const hubSessionCodec: Codec<AgentFrame | UnknownFrame, HubFrame> = {
  subprotocol: sessionSubprotocol,
  encode: (frame) => JSON.stringify(frame),
  written: () => {},
  decode: (data, binary) => (binary ? decodeLogMessage(data) : parseAgentFrame(textOf(data, binary, 'agent frame'))),
};
