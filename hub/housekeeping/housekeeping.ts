import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { sleep } from '../../runtime/sleep.ts';

/** Something that is to be done again and again. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  /** Ends soon once `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Runs each chore in its own loop until disposed. A chore that fails is logged and done again at its next turn. */
export class Housekeeping implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];

  constructor(options: { readonly chores: readonly Chore[]; readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#loops = options.chores.map((chore) => this.#repeat(chore));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  async #repeat(chore: Chore): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(this.#clock, chore.everyMs, signal);
      if (signal.aborted) return;
      try {
        await chore.run(signal);
      } catch (error) {
        this.#logger.error({ err: error, chore: chore.name }, 'chore failed; it is done again at its next turn');
      }
    }
  }
}
