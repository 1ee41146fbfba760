import type { SpecEntry } from './spec-entry.ts';

/** Does what a spec wants. */
export interface SpecHandler<Spec> {
  /**
   * Called once at a time for each resource id, for different ids in parallel. The same spec may come again, after a restart
   * an old one too: it must be idempotent. Resolve when the spec is taken, not when the work it asks for is done, because a
   * newer spec of the same resource waits until then; the status is published right after, unless it
   * resolves with `later`: then whoever handles it publishes soon, when there may be more to tell. A rejection leaves the spec
   * unseen, so that it comes again. `signal` aborts when the client is disposed.
   *
   * Deletions come only when the codec says `deleteUnknown`.
   */
  apply(entry: SpecEntry<Spec>, options: { readonly signal: AbortSignal }): Promise<'later' | void>;
}
