import type { StorePlace } from '../../protocol/seen-store.ts';
import type { SessionTransport } from '../../transports/session-transport.ts';

/** What an `open` is made with. */
export interface SessionPass {
  readonly leaseEpoch: number;
  /** The way that the control channel is on. Another one may lead to another store. */
  readonly transport: SessionTransport;
}

/**
 * Says when and where sessions may be opened: while a control channel is up whose hub is trusted, and the way that this one went. So every `open`
 * carries the epoch of a lease taken since this process started, and the pair of epoch and count never goes back, with nothing to be kept on disk;
 * and no claim is ever shown to a store that was restored behind the agent's back, or to another hub.
 */
export interface SessionGate {
  /** The hub said on a session how far its store is. */
  heard(place: StorePlace): void;
  /** Resolves as soon as sessions may be opened; with null when `signal` aborts. */
  enter(signal: AbortSignal): Promise<SessionPass | null>;
}
