import type { InventoryTotals } from '../../protocol/hub-status.ts';
import type { Store } from '../store/store.ts';
import { findStaleness } from './find-staleness.ts';
import type { Fleet } from './fleet.ts';

/** How many nodes and apps agents told of, and of how many nobody knows whether they are still so. */
export class InventoryCount {
  readonly #given: { readonly store: Store; readonly fleet: Fleet };
  #totals: InventoryTotals | null = null;

  constructor(given: { readonly store: Store; readonly fleet: Fleet }) {
    this.#given = given;
  }

  /** As of the last look; null before the first. */
  get totals(): InventoryTotals | null {
    return this.#totals;
  }

  /** Reads one row for each list of each cluster. Rejects with `StoreError`. */
  async look(): Promise<void> {
    const { store, fleet } = this.#given;
    const totals = { nodes: { current: 0, stale: 0 }, apps: { current: 0, stale: 0 } };
    for (const { agentId, cluster, list, rows } of await store.queries.inventorySums()) {
      const stale = findStaleness(fleet.get(agentId), { list, cluster, lastSeenAt: null });
      totals[list][stale === null ? 'current' : 'stale'] += rows;
    }
    this.#totals = totals;
  }
}
