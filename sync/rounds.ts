import type { Clock, Timer } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

/** Drawn from this last part of the period: many clients spread, and two periods always hold two rounds. */
const jitter = 0.2;

/** Calls `onRound` again and again, at most `periodMs` apart, from `start` to `stop`. */
export interface Rounds {
  start(): void;
  stop(): void;
}

/** Who compares. */
export interface RoundsOwner {
  readonly clock: Clock;
  readonly random: Random;
  readonly periodMs: number;
  onRound(): void;
}

class JitteredRounds implements Rounds {
  readonly #owner: RoundsOwner;
  readonly #onTime = () => {
    this.start();
    this.#owner.onRound();
  };
  #timer: Timer | null = null;

  constructor(owner: RoundsOwner) {
    this.#owner = owner;
  }

  start(): void {
    const { clock, random, periodMs } = this.#owner;
    this.stop();
    this.#timer = clock.schedule(periodMs * (1 - jitter * random.fraction()), this.#onTime);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

export function createRounds(owner: RoundsOwner): Rounds {
  return new JitteredRounds(owner);
}
