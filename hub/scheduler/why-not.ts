import type { WaitingReason } from '../../protocol/job.ts';
import { type LabelSelector, selects } from '../../protocol/label-selector.ts';
import type { Candidate } from './candidate.ts';

/** What a job asks of an agent. Jobs that ask the same share one lane of the queue. */
export interface Demand {
  readonly account: string;
  readonly automation: string;
  readonly selector: LabelSelector;
  /** Digests of forms of the automation that the parameters do not fit. */
  readonly misfits: readonly string[];
}

/** Why this agent cannot take a job that asks this, or null when it can. The first reason that will not go away by itself wins. */
export function whyNot(demand: Demand, agent: Candidate): WaitingReason | null {
  if (!selects(demand.selector, agent.labels)) return 'labels';
  const automation = agent.automations.get(demand.automation);
  // An agent runs its probes by itself.
  if (automation === undefined || automation.kind === 'probe') return 'automation';
  if (demand.misfits.includes(automation.digest)) return 'parameters';
  if (agent.leaseEpoch === null) return 'offline';
  if (agent.health === 'store-changed') return 'store-changed';
  if (!agent.schedulable || agent.health === 'draining') return 'draining';
  if (agent.closedBecause !== null) return 'pressure';
  if (agent.busyTotal >= agent.slots) return 'slots';
  if (automation.maxConcurrent !== null && (agent.busy.get(demand.automation) ?? 0) >= automation.maxConcurrent)
    return 'automation-busy';
  return null;
}
