import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Loop, LoopBoard } from '../../runtime/loop-board.ts';
import type { AttemptRecord } from '../store/records.ts';

/** How long an offer stands without an `open`. */
export const offerTimeoutMs = 30_000;

/** Calls `onTimeout` for offers that got no answer in time. Follows the attempts as they change. */
export class OfferTimeouts implements Disposable {
  readonly #clock: Clock;
  readonly #onTimeout: (attempt: AttemptRecord) => void;
  readonly #timers = new Map<string, Timer>();
  readonly #loop: Loop;

  constructor(options: {
    readonly clock: Clock;
    readonly loops: LoopBoard;
    readonly onTimeout: (attempt: AttemptRecord) => void;
  }) {
    this.#clock = options.clock;
    this.#onTimeout = options.onTimeout;
    this.#loop = options.loops.open('offer time-outs', {
      words: () => `${this.#timers.size} offers wait for an answer`,
    });
  }

  attemptChanged(attempt: AttemptRecord): void {
    if (attempt.state !== 'offered') {
      this.#timers.get(attempt.id)?.cancel();
      this.#timers.delete(attempt.id);
      return;
    }
    if (this.#timers.has(attempt.id)) return;
    const timer = this.#clock.schedule(offerTimeoutMs, () => {
      this.#timers.delete(attempt.id);
      this.#loop.turned();
      this.#onTimeout(attempt);
    });
    this.#timers.set(attempt.id, timer);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#loop[Symbol.dispose]();
  }
}
