import type { Clock } from '../../runtime/clock.ts';

/** Work that really takes its time, such as a signature in another thread: its outcome comes at a time of the virtual clock, always the same. */
export class RealWork {
  readonly #clock: Clock;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const working = work();
    const settled = working.then(
      () => {},
      () => {},
    );
    this.#pending.add(settled);
    return new Promise((resolve, reject) => {
      this.#clock.schedule(1, () => {
        this.#pending.delete(settled);
        working.then(resolve, reject);
      });
    });
  }

  /** Resolves when nothing is at work: from then on time may go on. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
