import type { FactsReport } from '../../protocol/facts.ts';
import { factsResource } from '../../protocol/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KeepingSink } from '../../sync/keeping-sink.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import type { SpecLister } from '../../sync/spec-lister.ts';
import type { StatusSink, StatusUpdate } from '../../sync/status-sink.ts';
import type { Store } from '../store/store.ts';
import type { FactsBudget } from './facts-budget.ts';

export const factsCodec = createJsonCodec(factsResource);

/** The hub wishes nothing of facts. */
export const noSpecs: SpecLister<null> = { versions: async () => [], get: async () => null };

export interface FactsSinkOptions {
  readonly store: Store;
  readonly agentId: string;
  readonly budget: FactsBudget;
  readonly clock: Clock;
  /** `signal` aborts when it has ended: what waits then comes again over the next. */
  readonly link: { readonly signal: AbortSignal };
}

/** Stores what an agent's probes found. What the agent no longer tells of stays: the API says that its probe is gone. */
class FactsSink extends KeepingSink<FactsReport> {
  readonly #given: FactsSinkOptions;

  constructor(given: FactsSinkOptions) {
    super();
    this.#given = given;
  }

  async apply({ id, status }: StatusUpdate<FactsReport>): Promise<void> {
    const { store, agentId, budget, clock, link } = this.#given;
    if (!(await budget.take(agentId, link)) || id !== status.probe) return;
    const result = await store.apply('record-facts', { agentId, report: status, at: clock.now() });
    if (result.type === 'known') budget.giveBack(agentId);
  }
}

export function createFactsSink(given: FactsSinkOptions): StatusSink<FactsReport> {
  return new FactsSink(given);
}
