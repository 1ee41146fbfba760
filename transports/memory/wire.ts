import { type CloudEvent, parseCloudEvent } from '../../protocol/cloud-event.ts';
import { parseAgentFrame, parseHubFrame, type UnknownFrame } from '../../protocol/parse-frame.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { type AgentFrame, type HubFrame, maxLogFrameBytes } from '../../protocol/session-frame.ts';
import type { Farewell } from '../carrier.ts';
import type { TransportErrorCode } from '../transport-error.ts';

/** A message as it lies on the wire: JSON text, or a `log` frame with bytes of its own. */
export type Body =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'log'; readonly offset: number; readonly at: number; readonly bytes: Uint8Array };

/** What travels between two ends. */
export type Packet =
  | { readonly type: 'message'; readonly body: Body }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  | { readonly type: 'close'; readonly farewell: Farewell }
  /** The last message was not what it should be. */
  | { readonly type: 'complaint'; readonly code: TransportErrorCode; readonly message: string }
  /** Answers `close` and `complaint`: the end that sends it is gone. */
  | { readonly type: 'closed' }
  /** The connection broke here. */
  | { readonly type: 'cut' };

/** What a packet without a message weighs. */
const controlBytes = 2;

export function sizeOf(packet: Packet): number {
  if (packet.type !== 'message') return controlBytes;
  return packet.body.type === 'text' ? Buffer.byteLength(packet.body.text) : packet.body.bytes.length;
}

/** How the messages of one kind of channel look on the wire. As with any other wire, the two ends share no memory. */
export interface Codec<In, Out> {
  /** Throws `ProtocolError` (`too-large`). */
  encode(message: Out): Body;
  /** Throws `ProtocolError`. */
  decode(body: Body): In;
}

function toText(message: object): Body {
  return { type: 'text', text: JSON.stringify(message) };
}

function textOf(body: Body, what: string): string {
  if (body.type !== 'text')
    throw new ProtocolError('invalid', `expected a ${what} as text, got ${body.bytes.length} bytes`);
  return body.text;
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.length <= maxLogFrameBytes) return;
  throw new ProtocolError(
    'too-large',
    `expected at most ${maxLogFrameBytes} bytes in a log frame, got ${bytes.length}`,
  );
}

export const controlCodec: Codec<CloudEvent, CloudEvent> = {
  encode: toText,
  decode: (body) => parseCloudEvent(textOf(body, 'CloudEvent')),
};

export const agentSessionCodec: Codec<HubFrame | UnknownFrame, AgentFrame> = {
  encode(frame) {
    if (frame.type !== 'log') return toText(frame);
    checkSize(frame.bytes);
    return { ...frame, bytes: Uint8Array.from(frame.bytes) };
  },
  decode: (body) => parseHubFrame(textOf(body, 'hub frame')),
};

export const hubSessionCodec: Codec<AgentFrame | UnknownFrame, HubFrame> = {
  encode: toText,
  decode(body) {
    if (body.type === 'text') return parseAgentFrame(body.text);
    checkSize(body.bytes);
    return body;
  },
};
