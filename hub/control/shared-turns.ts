import type { Clock } from '../../runtime/clock.ts';

/** So many go at once before the next have to wait for each other. */
const freeTurns = 8;

/**
 * Brings those together who may wait a moment, so that what they store shares one commit. While few come nobody waits; of those who come close
 * behind many others all go at once, at most `everyMs` later.
 */
export class SharedTurns implements Disposable {
  readonly #clock: Clock;
  readonly #everyMs: number;
  /** When the present stretch of `everyMs` began, and who went in it without waiting. */
  #beganAt = Number.NEGATIVE_INFINITY;
  #went = 0;
  #next: { readonly promise: Promise<void>; readonly go: () => void } | null = null;

  constructor({ clock, everyMs }: { readonly clock: Clock; readonly everyMs: number }) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  turn(): Promise<void> {
    if (this.#next !== null) return this.#next.promise;
    const now = this.#clock.monotonic();
    if (now - this.#beganAt >= this.#everyMs) {
      this.#beganAt = now;
      this.#went = 0;
    }
    if (this.#went < freeTurns) {
      this.#went++;
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const go = () => {
      timer.cancel();
      // Whoever comes right behind them waits for others too.
      this.#beganAt = this.#clock.monotonic();
      this.#next = null;
      resolve();
    };
    const timer = this.#clock.schedule(this.#beganAt + this.#everyMs - now, go);
    this.#next = { promise, go };
    return promise;
  }

  /** Nobody waits any more. */
  [Symbol.dispose](): void {
    this.#next?.go();
    this.#beganAt = Number.NEGATIVE_INFINITY;
  }
}
