import type {
  CloudEvent_CloudEventAttributeValue as AttributeValue,
  CloudEvent as EventMessage,
} from './generated/io/cloudevents/v1/cloudevents.ts';
import { type LinePacket, toComplaint } from './packet.ts';

/** What begins so is no resource event: it is taken out before types are looked at, as Open Cluster Management does with its heartbeats. */
const prefix = 'io.farhand.line.v1.';

/** What the line has to say, as an event: one stream, one kind of message. They are all alike, so they share an id. */
export function toLineEvent(packet: LinePacket): EventMessage {
  const attributes = new Map<string, AttributeValue>();
  if (packet.type === 'farewell') {
    const { reason, retryAfterMs } = packet.farewell;
    attributes.set('reason', { attr: { $case: 'ceString', value: reason } });
    if (retryAfterMs !== null) attributes.set('retryafterms', { attr: { $case: 'ceInteger', value: retryAfterMs } });
  }
  if (packet.type === 'complaint') {
    attributes.set('code', { attr: { $case: 'ceString', value: packet.code } });
    attributes.set('reason', { attr: { $case: 'ceString', value: packet.reason } });
  }
  return {
    id: 'line',
    source: 'farhand',
    specVersion: '1.0',
    type: `${prefix}${packet.type}`,
    attributes,
    data: undefined,
  };
}

/** Null for an event that is none of the line's. One that only a later version knows says nothing that must be heard: it is a pong. */
export function fromLineEvent({ type, attributes }: EventMessage): LinePacket | null {
  if (!type.startsWith(prefix)) return null;
  const textOf = (name: string) => {
    const attr = attributes.get(name)?.attr;
    return attr?.$case === 'ceString' ? attr.value : '';
  };
  switch (type.slice(prefix.length)) {
    case 'ping':
      return { type: 'ping' };
    case 'farewell': {
      const wish = attributes.get('retryafterms')?.attr;
      const retryAfterMs = wish?.$case === 'ceInteger' ? Math.max(wish.value, 0) : null;
      return { type: 'farewell', farewell: { reason: textOf('reason'), retryAfterMs } };
    }
    case 'complaint':
      return toComplaint(textOf('code'), textOf('reason'));
    default:
      return { type: 'pong' };
  }
}
