/**
 * - `received`: events that a client was given
 * - `published` / `publish-failed`: events that the wire took / did not take
 * - `repeated`: unanswered specs that were sent again
 * - `compared-unequal`: digests of the other side that differed from ours
 * - `unchanged`: statuses that we hold already
 * - `stale`: specs and statuses older than what we hold
 * - `version-ahead`: statuses of a newer spec than ours
 * - `deletion-ignored`: deletions of a resource that absence and deletion do not touch
 * - `unknown-resource`, `wrong-cluster`, `malformed`, `wrong-direction`, `overflow`: events that were dropped, and why
 * - `handler-failed`: a lister, sink or handler rejected
 */
export const syncCounts = [
  'received',
  'published',
  'publish-failed',
  'repeated',
  'compared-unequal',
  'unchanged',
  'stale',
  'version-ahead',
  'deletion-ignored',
  'unknown-resource',
  'wrong-cluster',
  'malformed',
  'wrong-direction',
  'overflow',
  'handler-failed',
] as const;
export type SyncCount = (typeof syncCounts)[number];

/** Where clients and routers count. One may serve all links of a process. */
export interface SyncCounters {
  add(count: SyncCount): void;
}

/** Counts in memory; `counts` is live. */
export function createSyncCounters(): SyncCounters & { readonly counts: Readonly<Record<SyncCount, number>> } {
  const counts = Object.fromEntries(syncCounts.map((count) => [count, 0])) as Record<SyncCount, number>;
  return {
    counts,
    add(count) {
      counts[count] += 1;
    },
  };
}
