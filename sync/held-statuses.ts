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
  isHeld(id: string): boolean;
  hasHash(id: string, hash: string): boolean;
  hold(id: string, status: { readonly hash: string; readonly sequence: bigint }): void;
  /** What was held before this process, or this link: older than whatever the agent says. What is known already stays. */
  begin(held: readonly HeldValue[]): void;
  /** Forgets the hash, unless something newer was held since. */
  forget(id: string, options: { readonly sequence: bigint; readonly nowMs: number }): void;
  /** Drops what is left of statuses forgotten before. */
  sweep(beforeMs: number): void;
  /** Those held, as value the hash. */
  list(): readonly HeldValue[];
  /** The highest sequence that decided anything; 0 when there was none. */
  highestSequence(): bigint;
}

const none: readonly HeldValue[] = [];

class StatusHashes implements HeldStatuses {
  /** Null until there is one. */
  #statuses: Map<string, HeldStatus> | null = null;
  #highest = 0n;

  isNews(id: string, sequence: bigint): boolean {
    return sequence > (this.#statuses?.get(id)?.sequence ?? -1n);
  }

  isHeld(id: string): boolean {
    return this.#statuses?.get(id)?.type === 'held';
  }

  hasHash(id: string, hash: string): boolean {
    const status = this.#statuses?.get(id);
    return status?.type === 'held' && status.hash === hash;
  }

  hold(id: string, { hash, sequence }: { readonly hash: string; readonly sequence: bigint }): void {
    this.#set(id, { type: 'held', sequence, hash });
  }

  begin(held: readonly HeldValue[]): void {
    for (const { id, value: hash } of held) {
      if (this.#statuses?.has(id) !== true) this.#set(id, { type: 'held', sequence: 0n, hash });
    }
  }

  forget(id: string, { sequence, nowMs }: { readonly sequence: bigint; readonly nowMs: number }): void {
    const status = this.#statuses?.get(id);
    if (status === undefined || status.sequence > sequence) return;
    this.#set(id, { type: 'gone', sequence, sinceMs: nowMs });
  }

  sweep(beforeMs: number): void {
    const statuses = this.#statuses;
    for (const [id, status] of statuses ?? []) {
      if (status.type === 'gone' && status.sinceMs < beforeMs) statuses?.delete(id);
    }
  }

  list(): readonly HeldValue[] {
    if (this.#statuses === null) return none;
    return [...this.#statuses].flatMap(([id, status]) => (status.type === 'held' ? [{ id, value: status.hash }] : []));
  }

  highestSequence(): bigint {
    return this.#highest;
  }

  #set(id: string, status: HeldStatus): void {
    this.#statuses ??= new Map();
    this.#statuses.set(id, status);
    if (status.sequence > this.#highest) this.#highest = status.sequence;
  }
}

export function createHeldStatuses(): HeldStatuses {
  return new StatusHashes();
}
