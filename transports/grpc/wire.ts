import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { parseAgentFrame, parseHubFrame, type UnknownFrame } from '../../protocol/parse-frame.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { type AgentFrame, type HubFrame, type LogFrame, maxLogFrameBytes } from '../../protocol/session-frame.ts';
import { fromEventMessage, toEventMessage } from './event-message.ts';
import { AgentsDefinition, Frame } from './generated/farhand/v1/agents.ts';
import { CloudEvent as EventMessage } from './generated/io/cloudevents/v1/cloudevents.ts';
import { fromLineEvent, toLineEvent } from './line-event.ts';
import { type LinePacket, type Packet, toComplaint, toLinePacket } from './packet.ts';

/** How the messages of one kind of call look on the wire. */
export interface Codec<In, Out> {
  /** Of the method: `/<service>/<method>`. */
  readonly path: string;
  /** Throws `ProtocolError` (`too-large`, `invalid`). Copies bytes once, so the caller may reuse its buffer at once. */
  encode(packet: Packet<Out>): Buffer;
  /** Throws `ProtocolError`. The answer may share memory with `bytes`. */
  decode(bytes: Buffer): Packet<In>;
}

function pathOf(method: { readonly name: string }): string {
  return `/${AgentsDefinition.fullName}/${method.name}`;
}

/** Events in the protobuf format of CloudEvents. */
export const controlCodec: Codec<CloudEvent, CloudEvent> = {
  path: pathOf(AgentsDefinition.methods.control),
  encode(packet) {
    const event = packet.type === 'message' ? toEventMessage(packet.message) : toLineEvent(toLinePacket(packet));
    return toBuffer(EventMessage.encode(event).finish());
  },
  decode(bytes) {
    const event = decode(EventMessage, bytes);
    return fromLineEvent(event) ?? { type: 'message', message: fromEventMessage(event) };
  },
};

/** Log bytes travel as they are, every other frame as the JSON text that it is on any wire. */
function createSessionCodec<In, Out extends AgentFrame | HubFrame>(read: {
  readonly json: (text: string) => In;
  readonly log: (frame: LogFrame) => In;
  readonly unknown: (frame: UnknownFrame) => In;
}): Codec<In, Out> {
  return {
    path: pathOf(AgentsDefinition.methods.session),
    encode(packet) {
      const frame = packet.type === 'message' ? toFrame(packet.message) : toLineFrame(toLinePacket(packet));
      return toBuffer(Frame.encode({ frame }).finish());
    },
    decode(bytes) {
      const { frame } = decode(Frame, bytes);
      switch (frame?.$case) {
        case undefined:
          return { type: 'message', message: read.unknown({ type: 'unknown', name: 'not in this version' }) };
        case 'json':
          return { type: 'message', message: read.json(frame.value) };
        case 'log':
          return { type: 'message', message: read.log(checkLog({ type: 'log', ...frame.value })) };
        case 'ping':
        case 'pong':
          return { type: frame.$case };
        case 'farewell': {
          const { reason, retryAfterMs = null } = frame.value;
          return { type: 'farewell', farewell: { reason, retryAfterMs } };
        }
        case 'complaint':
          return toComplaint(frame.value.code, frame.value.reason);
      }
    },
  };
}

export const agentSessionCodec: Codec<HubFrame | UnknownFrame, AgentFrame> = createSessionCodec({
  json: parseHubFrame,
  log() {
    throw new ProtocolError('invalid', 'expected a hub frame, got log');
  },
  unknown: (frame) => frame,
});

export const hubSessionCodec: Codec<AgentFrame | UnknownFrame, HubFrame> = createSessionCodec<
  AgentFrame | UnknownFrame,
  HubFrame
>({ json: parseAgentFrame, log: (frame) => frame, unknown: (frame) => frame });

function toFrame(message: AgentFrame | HubFrame): Frame['frame'] {
  if (message.type !== 'log') return { $case: 'json', value: JSON.stringify(message) };
  const { offset, at, bytes } = checkLog(message);
  return { $case: 'log', value: { offset, at, bytes } };
}

function toLineFrame(packet: LinePacket): Frame['frame'] {
  switch (packet.type) {
    case 'ping':
    case 'pong':
      return { $case: packet.type, value: {} };
    case 'farewell': {
      const { reason, retryAfterMs } = packet.farewell;
      return { $case: 'farewell', value: { reason, retryAfterMs: retryAfterMs ?? undefined } };
    }
    case 'complaint':
      return { $case: 'complaint', value: { code: packet.code, reason: packet.reason } };
  }
}

function checkLog(frame: LogFrame): LogFrame {
  const { bytes, at } = frame;
  if (bytes.length > maxLogFrameBytes) {
    throw new ProtocolError(
      'too-large',
      `expected at most ${maxLogFrameBytes} bytes in a log frame, got ${bytes.length}`,
    );
  }
  if (!Number.isFinite(at)) throw new ProtocolError('invalid', `expected a finite time in a log frame, got ${at}`);
  return frame;
}

function decode<T>(message: { decode(bytes: Uint8Array): T }, bytes: Buffer): T {
  try {
    return message.decode(bytes);
  } catch (cause) {
    throw new ProtocolError('invalid', `expected a protobuf message, got ${bytes.length} bytes that are none`, {
      cause,
    });
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
