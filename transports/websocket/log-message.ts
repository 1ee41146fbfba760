import { ProtocolError } from '../../protocol/protocol-error.ts';
import { type LogFrame, maxLogFrameBytes } from '../../protocol/session-frame.ts';

const logKind = 1;

/**
 * A `log` frame as a binary message. All numbers are big-endian:
 *
 * | byte   | what |
 * |---     |--- |
 * | 0      | kind: 1 = log. Others are reserved |
 * | 1 … 8  | offset of the first byte in the stream, unsigned integer, at most 2^53 − 1 |
 * | 9 … 16 | `at`, milliseconds since 1970 of the first byte, IEEE 754 double, finite |
 * | 17 …   | the bytes, at most `maxLogFrameBytes`; may be none |
 */
const logHeaderBytes = 17;

/** The longest there is. */
export const maxLogMessageBytes = logHeaderBytes + maxLogFrameBytes;

/**
 * Throws `ProtocolError` (`too-large`). Copies the bytes once, so the caller may reuse its buffer at once. `allocate` gives the memory of
 * the message, as long as asked for.
 */
export function encodeLogMessage(frame: LogFrame, allocate: (bytes: number) => Buffer): Buffer {
  checkSize(frame.bytes.length);
  const message = allocate(logHeaderBytes + frame.bytes.length);
  message[0] = logKind;
  message.writeUInt32BE(Math.floor(frame.offset / 2 ** 32), 1);
  message.writeUInt32BE(frame.offset >>> 0, 5);
  message.writeDoubleBE(frame.at, 9);
  message.set(frame.bytes, logHeaderBytes);
  return message;
}

/** Throws `ProtocolError` (`invalid`, `too-large`). The frame's bytes are a view of `message`. */
export function decodeLogMessage(message: Buffer): LogFrame {
  if (message.length < logHeaderBytes || message[0] !== logKind) {
    throw new ProtocolError(
      'invalid',
      `expected a binary message of kind ${logKind} with a header of ${logHeaderBytes} bytes, got ${message.length} bytes of kind ${message[0] ?? 'none'}`,
    );
  }
  checkSize(message.length - logHeaderBytes);
  const offset = message.readUInt32BE(1) * 2 ** 32 + message.readUInt32BE(5);
  const at = message.readDoubleBE(9);
  if (!Number.isSafeInteger(offset) || !Number.isFinite(at)) {
    throw new ProtocolError(
      'invalid',
      `expected an offset below 2^53 and a finite time in a log message, got ${offset} and ${at}`,
    );
  }
  return { type: 'log', offset, at, bytes: message.subarray(logHeaderBytes) };
}

function checkSize(bytes: number): void {
  if (bytes > maxLogFrameBytes) {
    throw new ProtocolError('too-large', `expected at most ${maxLogFrameBytes} bytes in a log frame, got ${bytes}`);
  }
}
