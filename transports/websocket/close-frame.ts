import type { Farewell } from '../carrier.ts';
import type { CloseReason } from '../channel.ts';
import { TransportError, type TransportErrorCode } from '../transport-error.ts';

/** RFC 6455 §5.5: a control frame holds 125 bytes, two of them the code. */
const maxReasonBytes = 123;
const maxRetryAfterMs = 9_999_999_999;

/**
 * The codes that close a websocket here (RFC 6455 §7.4, registry of the IANA):
 *
 * | code | when | what the other side sees |
 * |---   |---   |--- |
 * | 1000 | closed in order; the text is the reason | `remote` |
 * | 1013 | closed in order with a wish for when to come back: the reason, then `;retry-ms=` and a number | `remote` |
 * | 1001, 1005, 1012 | never sent by us: going away, nothing said, restarting | `remote` |
 * | 1002, 1003, 1007 | a message or frame was not what the protocol allows | `failure` (`invalid-message`) |
 * | 1009 | a message was over the limit | `failure` (`too-large`) |
 * | any other, or no close frame at all (1006) | | `failure` (`broken`) |
 */
export const closeCodes = { normal: 1000, invalid: 1007, tooLarge: 1009, tryAgainLater: 1013 } as const;

export interface CloseFrame {
  readonly code: number;
  readonly text: string;
}

export function toCloseFrame(farewell: Farewell): CloseFrame {
  if (farewell.retryAfterMs === null) return { code: closeCodes.normal, text: cut(farewell.reason, maxReasonBytes) };
  const retryAfterMs = Math.min(Math.max(Math.ceil(farewell.retryAfterMs), 0), maxRetryAfterMs);
  const suffix = `;retry-ms=${retryAfterMs}`;
  return { code: closeCodes.tryAgainLater, text: `${cut(farewell.reason, maxReasonBytes - suffix.length)}${suffix}` };
}

export function failureFrame(error: TransportError): CloseFrame {
  return {
    code: error.code === 'too-large' ? closeCodes.tooLarge : closeCodes.invalid,
    text: cut(error.message, maxReasonBytes),
  };
}

/** `cause` is what the socket said, where there was no close frame. */
export function fromCloseFrame(frame: CloseFrame, cause: unknown): CloseReason {
  switch (frame.code) {
    case 1000:
    case 1001:
    case 1005:
    case 1012:
      return { type: 'remote', reason: frame.text, retryAfterMs: null };
    case 1013:
      return { type: 'remote', ...splitRetry(frame.text) };
    case 1002:
    case 1003:
    case 1007:
      return failure('invalid-message', `the other side did not understand a message of ours: ${frame.text}`);
    case 1009:
      return failure('too-large', `a message of ours was too large for the other side: ${frame.text}`);
    case 1006:
      return failure('broken', 'the connection ended without a close frame', cause);
    default:
      return failure('broken', `the other side closed with code ${frame.code}: ${frame.text}`);
  }
}

function failure(code: TransportErrorCode, message: string, cause?: unknown): CloseReason {
  return { type: 'failure', error: new TransportError(code, message, { cause }) };
}

function splitRetry(text: string): Farewell {
  const match = /^(?<reason>.*);retry-ms=(?<retry>\d{1,10})$/su.exec(text);
  if (match?.groups === undefined) return { reason: text, retryAfterMs: null };
  return { reason: match.groups['reason'] ?? '', retryAfterMs: Number(match.groups['retry']) };
}

/** Cuts between characters. A lone surrogate becomes U+FFFD, because a close frame must be UTF-8. */
function cut(text: string, maxBytes: number): string {
  const encoded = new Uint8Array(maxBytes);
  const { written } = new TextEncoder().encodeInto(text, encoded);
  return Buffer.from(encoded.buffer, 0, written).toString('utf8');
}
