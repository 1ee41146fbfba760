import type { Clock } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';

/** How long a session may take to its end when the one that follows it changes who speaks. */
const settleMs = 5_000;

/**
 * Who serves which attempt in this process. The newest session wins: taking an attempt ends the session that had it, and the
 * newcomer starts once that one has let go of the log.
 */
export class SessionRegistry {
  readonly #serving = new Map<string, { readonly replaced: AbortController; readonly ended: Promise<void> }>();

  has(attempt: string): boolean {
    return this.#serving.has(attempt);
  }

  /** Waits for the end of the session that serves the attempt: one whose other side is gone has only left what came to be read. Gives up after a moment. */
  async settle(attempt: string, clock: Clock): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([this.#serving.get(attempt)?.ended, sleep(clock, settleMs, waiting.signal)]);
    waiting.abort('over');
  }

  /** Aborts the earlier session of this attempt and waits for its end. `serve` gets the signal that ends it in turn. */
  async take(attempt: string, serve: (replaced: AbortSignal) => Promise<void>): Promise<void> {
    const earlier = this.#serving.get(attempt);
    const replaced = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const entry = { replaced, ended };
    this.#serving.set(attempt, entry);
    try {
      earlier?.replaced.abort();
      await earlier?.ended;
      await serve(replaced.signal);
    } finally {
      if (this.#serving.get(attempt) === entry) this.#serving.delete(attempt);
      resolve();
    }
  }
}
