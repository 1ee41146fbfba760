import type { HeldValue } from './digest.ts';

/**
 * - `held`: the sink has taken the status with this hash
 * - `gone`: the agent has nothing to say about it any more. Kept for a while, so that an old status that comes late is known as old
 */
type HeldStatus =
  | { readonly type: 'held'; readonly sequence: bigint; readonly hash: string }
  | { readonly type: 'gone'; readonly sequence: bigint; readonly sinceMs: number };

/** What the source holds of an agent's statuses: their hashes, not the statuses themselves. */
export interface HeldStatuses {
  /** False for what is not newer than the last that was held of this resource. */
  isNews(id: string, sequence: bigint): boolean;
  hasHash(id: string, hash: string): boolean;
  hold(id: string, status: { readonly hash: string; readonly sequence: bigint }): void;
  /** Forgets the hash, unless something newer was held since. */
  forget(id: string, options: { readonly sequence: bigint; readonly nowMs: number }): void;
  /** Drops what is left of statuses forgotten before. */
  sweep(beforeMs: number): void;
  /** Those held, as value the hash. */
  list(): readonly HeldValue[];
  /** The highest sequence that decided anything; 0 when there was none. */
  highestSequence(): bigint;
}

export function createHeldStatuses(): HeldStatuses {
  const statuses = new Map<string, HeldStatus>();
  let highest = 0n;
  const raise = (sequence: bigint) => {
    if (sequence > highest) highest = sequence;
  };
  return {
    isNews: (id, sequence) => sequence > (statuses.get(id)?.sequence ?? -1n),
    hasHash(id, hash) {
      const status = statuses.get(id);
      return status?.type === 'held' && status.hash === hash;
    },
    hold(id, { hash, sequence }) {
      statuses.set(id, { type: 'held', sequence, hash });
      raise(sequence);
    },
    forget(id, { sequence, nowMs }) {
      const status = statuses.get(id);
      if (status === undefined || status.sequence > sequence) return;
      statuses.set(id, { type: 'gone', sequence, sinceMs: nowMs });
      raise(sequence);
    },
    sweep(beforeMs) {
      for (const [id, status] of statuses) {
        if (status.type === 'gone' && status.sinceMs < beforeMs) statuses.delete(id);
      }
    },
    list: () => [...statuses].flatMap(([id, status]) => (status.type === 'held' ? [{ id, value: status.hash }] : [])),
    highestSequence: () => highest,
  };
}
