/**
 * Who serves which attempt in this process. The newest session wins: taking an attempt ends the session that had it, and the
 * newcomer starts once that one has let go of the log.
 */
export class SessionRegistry {
  readonly #serving = new Map<string, { readonly replaced: AbortController; readonly ended: Promise<void> }>();

  has(attempt: string): boolean {
    return this.#serving.has(attempt);
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
