import type { TransportError } from './transport-error.ts';

/**
 * Why a channel is closed.
 *
 * - `local`: we closed it, or the other side answered our closing
 * - `remote`: the other side closed it in order; `reason` is its word (may be empty), `retryAfterMs` its wish for when to come back
 * - `failure`: anything else, silence and garbage included
 */
export type CloseReason =
  | { readonly type: 'local' }
  | { readonly type: 'remote'; readonly reason: string; readonly retryAfterMs: number | null }
  | { readonly type: 'failure'; readonly error: TransportError };

/**
 * One live connection, both ways. Iterating gives the messages in order, once, and ends when the channel is closed (it never
 * throws: ask `closed` why). What arrived before an orderly end is still delivered. Reading slowly slows the sender down:
 * an adapter holds at most a bounded number of bytes for a reader. A loop that is left early
 * closes nothing; the next one goes on behind it. Dispose = `close()`.
 */
export interface Channel<In, Out> extends AsyncIterable<In>, AsyncDisposable {
  /** For logs; unique within the process. */
  readonly id: string;
  /**
   * Resolves when the wire took the message: awaiting it is the back-pressure. Messages arrive in the order of the calls.
   * Rejects with `TransportError` (`closed`, `too-large`).
   */
  send(message: Out): Promise<void>;
  /** Resolves with the reason, once, and never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Closes in order: what was sent before is delivered if the other side takes it in time, then the connection ends.
   * Idempotent, never throws. `reason` (up to 100 characters) is told to the other side; an aborted `signal` cuts it short.
   */
  close(options?: CloseOptions): Promise<void>;
}

export interface CloseOptions {
  readonly signal?: AbortSignal;
  readonly reason?: string;
  /** Tells the other side when to come back. */
  readonly retryAfterMs?: number;
}
