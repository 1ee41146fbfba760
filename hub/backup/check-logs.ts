import { createHash } from 'node:crypto';
import type { CopiedStore } from '../store/sqlite/copied-store.ts';

/** Holds the logs of a backup against what its store says of them. */
export class LogCheck {
  readonly #store: CopiedStore;
  readonly #seen = new Set<string>();
  readonly #damaged: string[] = [];

  constructor(store: CopiedStore) {
    this.#store = store;
  }

  /** The log of an attempt, or its index of times, of which nothing is known. */
  async look(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const attempt = /\/(.+)\.log$/.exec(name)?.[1];
    if (attempt === undefined) return;
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of content) {
      hash.update(piece);
      bytes += piece.length;
    }
    this.#seen.add(attempt);
    const log = this.#store.log(attempt)?.log ?? null;
    const isAsSaid =
      log === null || (log.bytes === bytes && (log.sha256 === null || log.sha256 === hash.digest('hex')));
    if (!isAsSaid) this.#damaged.push(attempt);
  }

  /** Attempts whose logs are not as the store says, or missing; those of `removed` are known to be. */
  damaged(removed: readonly string[]): readonly string[] {
    const missing: string[] = [];
    const known = new Set(removed);
    for (const { attempt, log } of this.#store.logs()) {
      if (log === null || log.bytes === 0 || log.removedAt !== null) continue;
      if (!this.#seen.has(attempt) && !known.has(attempt)) missing.push(attempt);
    }
    return [...this.#damaged, ...missing];
  }
}
