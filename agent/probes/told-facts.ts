import { findChangedKeys } from '../../protocol/changed-keys.ts';
import type { FactsReport } from '../../protocol/facts.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { StatusLister } from '../../sync/status-lister.ts';

/** Facts of which only times and volatile values are news are told once in this time: each telling is a commit of the hub. */
const freshenMs = 10 * 60 * 1000;

interface Told {
  readonly report: FactsReport;
  readonly at: number;
}

function isNews(told: FactsReport, report: FactsReport): boolean {
  if (told.digest !== report.digest || told.error?.message !== report.error?.message) return true;
  if (told.facts === null || report.facts === null) return told.facts !== report.facts;
  return findChangedKeys(told.facts, report.facts, report.volatile).length > 0;
}

/**
 * What the hub is told of the agent's facts: for each probe the newest report that was worth telling. That one, and not the
 * newest of all, is this agent's status, so that a comparison finds both sides alike between two tellings.
 */
export interface ToldFacts {
  readonly statuses: StatusLister<FactsReport>;
  /** True when the hub is to be told now. */
  take(report: FactsReport): boolean;
  forget(probe: string): void;
}

export function createToldFacts({ clock }: { readonly clock: Clock }): ToldFacts {
  const told = new Map<string, Told>();
  return {
    statuses: {
      list: async () => [...told].map(([id, { report }]) => ({ id, status: report })),
      get: async (id) => told.get(id)?.report ?? null,
    },
    take(report) {
      const before = told.get(report.probe);
      const now = clock.monotonic();
      if (before !== undefined && now - before.at < freshenMs && !isNews(before.report, report)) return false;
      told.set(report.probe, { report, at: now });
      return true;
    },
    forget: (probe) => void told.delete(probe),
  };
}
