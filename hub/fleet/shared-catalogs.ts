import { hash } from 'node:crypto';
import type { AgentReport } from '../../protocol/agent-report.ts';
import type { AutomationSummary } from '../../protocol/automation-summary.ts';

/** What an agent offers. */
export interface Catalog {
  readonly list: AgentReport['automations'];
  readonly byName: ReadonlyMap<string, AutomationSummary>;
}

/**
 * Keeps what agents offer once for all that offer exactly the same: a fleet has few catalogs on many machines, and their schemas are
 * most of what is known of an agent. A catalog that nobody offers any more goes by itself.
 */
export class SharedCatalogs {
  readonly #catalogs = new Map<string, WeakRef<Catalog>>();
  readonly #gone = new FinalizationRegistry<string>((key) => {
    if (this.#catalogs.get(key)?.deref() === undefined) this.#catalogs.delete(key);
  });

  /** How many are known. */
  get size(): number {
    return this.#catalogs.size;
  }

  /** By all that it says, not by the digests of the automations: those are the agent's word. */
  share(automations: AgentReport['automations']): Catalog {
    const key = hash('sha256', JSON.stringify(automations));
    const known = this.#catalogs.get(key)?.deref();
    if (known !== undefined) return known;
    const byName = new Map(automations.map((automation) => [automation.name, automation]));
    const catalog: Catalog = { list: automations, byName };
    this.#catalogs.set(key, new WeakRef(catalog));
    this.#gone.register(catalog, key);
    return catalog;
  }
}
