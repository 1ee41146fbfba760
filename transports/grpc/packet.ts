import type { Farewell } from '../carrier.ts';
import type { TransportErrorCode } from '../transport-error.ts';

/** What the line itself has to say. */
export type LinePacket =
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  | { readonly type: 'farewell'; readonly farewell: Farewell }
  /** The last message was not what it should be. */
  | {
      readonly type: 'complaint';
      readonly code: Extract<TransportErrorCode, 'too-large' | 'invalid-message'>;
      readonly reason: string;
    };

/** One message of a call. */
export type Packet<Message> = { readonly type: 'message'; readonly message: Message } | LinePacket;

/** An int32, which is what an integer attribute of a CloudEvent is. */
const maxRetryAfterMs = 2 ** 31 - 1;
const maxReasonLength = 500;

/** What may be said in a packet: text that is Unicode and bounded, a wish that is a whole number. */
export function toLinePacket(packet: LinePacket): LinePacket {
  switch (packet.type) {
    case 'ping':
    case 'pong':
      return packet;
    case 'farewell': {
      const { reason, retryAfterMs } = packet.farewell;
      const wish = retryAfterMs === null ? null : Math.min(Math.max(Math.ceil(retryAfterMs), 0), maxRetryAfterMs);
      return { type: 'farewell', farewell: { reason: cut(reason), retryAfterMs: wish } };
    }
    case 'complaint':
      return { ...packet, reason: cut(packet.reason) };
  }
}

/** A code that only a later version knows is the one that says least. */
export function toComplaint(code: string, reason: string): LinePacket {
  return { type: 'complaint', code: code === 'too-large' ? code : 'invalid-message', reason };
}

function cut(text: string): string {
  return text.slice(0, maxReasonLength).toWellFormed();
}
