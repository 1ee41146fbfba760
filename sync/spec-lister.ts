import type { SpecEntry, SpecVersion } from './spec-entry.ts';

/**
 * The truth about the specs of one resource type for one agent. A rejection means "not known now": nothing is concluded from
 * it. An empty list is an answer too, so a store that is not ready must reject.
 */
export interface SpecLister<Spec> {
  /** Everything that the agent should know of. Asked about once a period. */
  versions(): Promise<readonly SpecVersion[]>;
  /** The newest state; null when there is no such resource (any more). */
  get(id: string): Promise<SpecEntry<Spec> | null>;
}
