import type { StorePlace } from '../../protocol/seen-store.ts';

/**
 * Says when sessions may be opened: while a control channel is up whose hub is trusted. So every `open` carries the epoch of a
 * lease taken since this process started, and the pair of epoch and count never goes back, with nothing to be kept on disk;
 * and no claim is ever shown to a store that was restored behind the agent's back.
 */
export interface SessionGate {
  /** The hub said on a session how far its store is. */
  heard(place: StorePlace): void;
  /** Resolves with the lease's epoch as soon as sessions may be opened; with null when `signal` aborts. */
  enter(signal: AbortSignal): Promise<number | null>;
}
