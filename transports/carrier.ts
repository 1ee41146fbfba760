import type { CloseReason } from './channel.ts';

/** What the other side is told when a channel closes in order. */
export interface Farewell {
  readonly reason: string;
  readonly retryAfterMs: number | null;
}

/**
 * What an adapter does for one connection; `createChannel` makes a `Channel` of it. Nothing here waits, and nothing but
 * `write` throws.
 */
export interface Carrier<Out> {
  /**
   * Puts a message on the wire, behind those before it. False when the wire takes nothing any more.
   * Throws `TransportError` or `ProtocolError` (`too-large`).
   */
  write(message: Out): boolean;
  /** Bytes written that the wire has not taken yet. */
  bufferedBytes(): number;
  /** Bytes that ever came in: any change of it is a sign of life. */
  receivedBytes(): number;
  /** Bytes ever written, pings and what still waits included: any change of it is a sign of life for the other side, in time. */
  sentBytes(): number;
  ping(): void;
  /** Stops reading: the other side will feel it. A few messages that were on their way may still come. */
  pause(): void;
  resume(): void;
  /** Starts an orderly end behind what was written. `ended` follows when the other side has answered. */
  end(farewell: Farewell): void;
  /** Cuts the connection. `ended` follows soon. Idempotent. */
  destroy(): void;
}

/** What an adapter tells of its connection. Never called while the carrier is being made. */
export interface CarrierEvents<In> {
  /** `bytes` is the size of the message on the wire. */
  received(message: In, bytes: number): void;
  /** The wire took some of what was written. */
  drained(): void;
  /** It is known why the connection ends, and the other side was told so far as it can be. `ended` is still to come. */
  ending(reason: CloseReason): void;
  /** The connection is gone: the last call. `reason` counts unless one was settled before. */
  ended(reason: CloseReason): void;
}
