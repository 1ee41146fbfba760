/** Terms that every wire keeps. Each can be given otherwise to an adapter; tests make them small. */
export interface ChannelLimits {
  /** A ping is sent after about so long without a sign of life from either side. */
  readonly pingMs: number;
  /** So long without a sign of life closes the channel (`silent`): at the latest then, and at most half a `pingMs` sooner. */
  readonly silenceMs: number;
  /** Largest message in bytes, either way. */
  readonly maxMessageBytes: number;
  /** Bytes that may wait for the reader before the wire is paused. */
  readonly inboxBytes: number;
  /** Bytes that may wait for the wire before `send` stops resolving … */
  readonly sendHighBytes: number;
  /** … until so few are left. */
  readonly sendLowBytes: number;
  /** How long an orderly close may take. */
  readonly closeMs: number;
  /** How long a dial may take. */
  readonly dialMs: number;
}

export const defaultLimits: ChannelLimits = {
  pingMs: 10_000,
  silenceMs: 30_000,
  maxMessageBytes: 8 * 1024 * 1024,
  inboxBytes: 1024 * 1024,
  sendHighBytes: 1024 * 1024,
  sendLowBytes: 256 * 1024,
  closeMs: 5_000,
  dialMs: 15_000,
};

/**
 * Of an agent that dials a hub. Its ticks are shorter by a third, so that it asks first, and a quiet channel has a sign of life every ten seconds at
 * most. The hub, with thousands of them, keeps its long ticks and only has to answer.
 */
export const agentLimits: ChannelLimits = { ...defaultLimits, pingMs: 6_600 };
