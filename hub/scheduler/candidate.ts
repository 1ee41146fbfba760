import type { AutomationSummary } from '../../protocol/automation-summary.ts';
import type { Labels } from '../../protocol/labels.ts';

/** An agent as the scheduler sees it, at this moment. */
export interface Candidate {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  readonly labels: Labels;
  /** Epoch of the lease under which an offer may be made; null while nobody holds the agent's control channel. */
  readonly leaseEpoch: number | null;
  readonly schedulable: boolean;
  readonly health: 'ok' | 'degraded' | 'draining' | 'store-changed' | 'unknown';
  /** Why it takes nothing under the pressure that it is under, in its own words; null while it does. */
  readonly closedBecause: string | null;
  readonly slots: number;
  /** Attempts that were offered to it and have no result, by automation. */
  readonly busy: ReadonlyMap<string, number>;
  readonly busyTotal: number;
  readonly automations: ReadonlyMap<string, AutomationSummary>;
}
