import type { FactsReport } from '../../protocol/facts.ts';
import { factsResource } from '../../protocol/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import type { SpecLister } from '../../sync/spec-lister.ts';
import type { StatusSink } from '../../sync/status-sink.ts';
import type { Store } from '../store/store.ts';
import type { FactsBudget } from './facts-budget.ts';

export const factsCodec = createJsonCodec(factsResource);

/** The hub wishes nothing of facts. */
export const noSpecs: SpecLister<null> = { versions: async () => [], get: async () => null };

/** Stores what an agent's probes found. What the agent no longer tells of stays: the API says that its probe is gone. */
export function createFactsSink(options: {
  readonly store: Store;
  readonly agentId: string;
  readonly budget: FactsBudget;
  readonly clock: Clock;
  /** Aborts when the link has ended: what waits then comes again over the next. */
  readonly signal: AbortSignal;
}): StatusSink<FactsReport> {
  const { store, agentId, budget, clock, signal } = options;
  return {
    async apply({ id, status }) {
      if (!(await budget.take(agentId, signal)) || id !== status.probe) return;
      const result = await store.apply('record-facts', { agentId, report: status, at: clock.now() });
      if (result.type === 'known') budget.giveBack(agentId);
    },
  };
}
