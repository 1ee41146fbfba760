import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { LoopBoard } from '../../runtime/loop-board.ts';
import { sleep } from '../../runtime/sleep.ts';

/** Something that is to be done again and again. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  /** Ends soon once `signal` aborts. One that may have much to do calls `goesOn` after each part of it. */
  run(signal: AbortSignal, goesOn: () => void): Promise<void>;
}

/** The store answers or fails, and so does a channel: a run, or a part of one, that takes longer hangs on something in this process. */
const maxRunMs = 10 * 60_000;

/** Runs each chore in its own loop until disposed. A chore that fails is logged and done again at its next turn. */
export class Housekeeping implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #board: LoopBoard;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];

  constructor(options: {
    readonly chores: readonly Chore[];
    readonly clock: Clock;
    readonly logger: Logger;
    readonly loops: LoopBoard;
  }) {
    this.#board = options.loops;
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
    using loop = this.#board.open(`chore: ${chore.name}`);
    for (;;) {
      loop.does('waits for its time', { nextInMs: chore.everyMs });
      await sleep(this.#clock, chore.everyMs, signal);
      if (signal.aborted) return;
      const goesOn = () => loop.does('is at work', { withinMs: maxRunMs });
      goesOn();
      try {
        await chore.run(signal, goesOn);
        loop.turned();
      } catch (error) {
        loop.failed(error);
        this.#logger.error({ err: error, chore: chore.name }, 'chore failed; it is done again at its next turn');
      }
    }
  }
}
