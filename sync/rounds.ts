import type { Clock, Timer } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

/** Drawn from this last part of the period: many clients spread, and two periods always hold two rounds. */
const jitter = 0.2;

/** Calls `onRound` again and again, at most `periodMs` apart, from `start` to `stop`. */
export interface Rounds {
  start(): void;
  stop(): void;
}

export function createRounds(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly periodMs: number;
  readonly onRound: () => void;
}): Rounds {
  const { clock, random, periodMs, onRound } = options;
  let timer: Timer | null = null;
  const schedule = () => {
    timer = clock.schedule(periodMs * (1 - jitter * random.fraction()), () => {
      schedule();
      onRound();
    });
  };
  return {
    start() {
      timer?.cancel();
      schedule();
    },
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}
