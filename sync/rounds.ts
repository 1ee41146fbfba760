import type { Clock, Timer } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

/** Drawn from this last part of the period: many clients spread, and two periods always hold two rounds. */
const jitter = 0.2;

/** Calls `onRound` again and again, at most `periodMs` apart, from `start` to `stop`. */
export interface Rounds {
  start(): void;
  stop(): void;
}

export interface RoundsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly periodMs: number;
  readonly onRound: () => void;
}

class JitteredRounds implements Rounds {
  readonly #given: RoundsOptions;
  #timer: Timer | null = null;

  constructor(given: RoundsOptions) {
    this.#given = given;
  }

  start(): void {
    const { clock, random, periodMs, onRound } = this.#given;
    this.stop();
    this.#timer = clock.schedule(periodMs * (1 - jitter * random.fraction()), () => {
      this.start();
      onRound();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

export function createRounds(given: RoundsOptions): Rounds {
  return new JitteredRounds(given);
}
