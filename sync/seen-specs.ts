import type { HeldValue } from './digest.ts';
import { isNewerSpec } from './spec-entry.ts';

export interface SeenSpec {
  readonly version: number;
  readonly deleted: boolean;
  /** Who sent it, so that the status goes back there. */
  readonly source: string;
  /** Where it is part of a trace: so is what is said of it. */
  readonly traceparent: string | null;
}

/**
 * - `listed`: the source is told that we have it. Left when its resource has ended
 * - `ended`: no longer told, and kept for a while so that an old spec that comes late is known as old
 */
type SeenState = SeenSpec & ({ readonly type: 'listed' } | { readonly type: 'ended'; readonly sinceMs: number });

/** Which specs the agent's handler has taken. In memory: after a restart everything is unseen and comes again. */
export interface SeenSpecs {
  get(id: string): SeenSpec | null;
  /** True for what the handler has already left behind. The same state again is not stale. */
  isStale(id: string, spec: { readonly version: number; readonly deleted: boolean }): boolean;
  add(id: string, spec: SeenSpec): void;
  /** Ends those that are not kept, and drops those that ended before `beforeMs`. */
  retain(isKept: (id: string) => boolean, options: { readonly nowMs: number; readonly beforeMs: number }): void;
  clear(): void;
  /** Those listed, as value the version. */
  list(): readonly HeldValue[];
}

export function createSeenSpecs(): SeenSpecs {
  const specs = new Map<string, SeenState>();
  return {
    get: (id) => specs.get(id) ?? null,
    isStale(id, spec) {
      const seen = specs.get(id);
      return seen !== undefined && isNewerSpec(seen, spec);
    },
    add(id, spec) {
      specs.set(id, { type: 'listed', ...spec });
    },
    retain(isKept, { nowMs, beforeMs }) {
      for (const [id, seen] of specs) {
        if (isKept(id)) continue;
        if (seen.type === 'listed') specs.set(id, { ...seen, type: 'ended', sinceMs: nowMs });
        else if (seen.sinceMs < beforeMs) specs.delete(id);
      }
    },
    clear: () => specs.clear(),
    list: () =>
      [...specs].flatMap(([id, seen]) => (seen.type === 'listed' ? [{ id, value: String(seen.version) }] : [])),
  };
}
