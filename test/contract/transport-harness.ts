import type { VirtualClock } from '../../runtime/virtual-clock.ts';
import type { ControlTransport } from '../../transports/control-transport.ts';
import type { Authenticate } from '../../transports/credential.ts';
import type { ChannelLimits } from '../../transports/limits.ts';
import type { Listener } from '../../transports/listener.ts';
import type { SessionTransport } from '../../transports/session-transport.ts';

/** `up` is from agent to hub. */
export type Direction = 'up' | 'down';

export interface StartOptions {
  readonly agentLimits: ChannelLimits;
  readonly hubLimits: ChannelLimits;
  readonly authenticate: Authenticate<string>;
}

/** What an adapter brings to `transport-contract.ts`. */
export interface TransportHarness {
  readonly name: string;
  /** Bytes that a wire may swallow beyond our own bounds, such as the kernel's socket buffers. */
  readonly wireBytes: number;
  start(options: StartOptions): Promise<RunningTransport>;
}

/** A listener and the transports that reach it over a line that the test can break. Faults concern all connections of their moment. */
export interface RunningTransport extends AsyncDisposable {
  /** Both ends' clock. */
  readonly clock: VirtualClock;
  readonly control: ControlTransport;
  readonly session: SessionTransport;
  readonly listener: Listener<string>;
  /** A transport to where nobody listens. */
  readonly nowhere: ControlTransport;
  /** Connections that one of the two ends still holds. */
  openConnections(): number;
  /** Waits until something went both ways since the last call. */
  exchanged(): Promise<void>;
  silence(direction: Direction): void;
  /** Breaks connections after so many bytes more. */
  cutAfter(direction: Direction, bytes: number): void;
  /** Puts a text message on the wire that its sender never sent. */
  injectText(direction: Direction, text: string): void;
  /** Puts bytes on the wire that nobody of this protocol sends. */
  injectGarbage(direction: Direction): void;
}
