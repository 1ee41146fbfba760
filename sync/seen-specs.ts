import type { HeldValue } from './digest.ts';
import { isNewerSpec } from './spec-entry.ts';

export interface SeenSpec {
  readonly version: number;
  readonly deleted: boolean;
  /** Who sent it, so that the status goes back there. */
  readonly source: string;
}

/** Which specs the agent's handler has taken. In memory: after a restart everything is unseen and comes again. */
export interface SeenSpecs {
  get(id: string): SeenSpec | null;
  /** True for what the handler has already left behind. The same state again is not stale. */
  isStale(id: string, spec: { readonly version: number; readonly deleted: boolean }): boolean;
  add(id: string, spec: SeenSpec): void;
  retain(isKept: (id: string) => boolean): void;
  clear(): void;
  /** As value the version. */
  list(): readonly HeldValue[];
}

export function createSeenSpecs(): SeenSpecs {
  const specs = new Map<string, SeenSpec>();
  return {
    get: (id) => specs.get(id) ?? null,
    isStale(id, spec) {
      const seen = specs.get(id);
      return seen !== undefined && isNewerSpec(seen, spec);
    },
    add(id, spec) {
      specs.set(id, spec);
    },
    retain(isKept) {
      for (const id of specs.keys()) if (!isKept(id)) specs.delete(id);
    },
    clear: () => specs.clear(),
    list: () => [...specs].map(([id, { version }]) => ({ id, value: String(version) })),
  };
}
