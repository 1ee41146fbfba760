import type { AgentReport } from '../../protocol/agent-report.ts';
import type { Staleness } from '../../protocol/inventory.ts';
import type { InventoryList } from '../store/inventory.ts';

/** Why a list of a cluster may not be as its agent told of it last; null while the agent is there and sees the cluster. */
export function findStaleness(
  agent: { readonly leaseEpoch: number | null; readonly report: AgentReport | null } | undefined,
  {
    list,
    cluster,
    lastSeenAt,
  }: { readonly list: InventoryList; readonly cluster: string; readonly lastSeenAt: string | null },
): Staleness | null {
  if (agent === undefined || agent.leaseEpoch === null)
    return { reason: 'agent-offline', since: lastSeenAt, message: null };
  // A stored report may be of an earlier version.
  const told = agent.report?.clusters?.find(({ name }) => name === cluster)?.[list];
  if (told === undefined) return { reason: 'not-watched', since: null, message: null };
  const { state, since, message } = told;
  switch (state) {
    case 'beginning':
      return { reason: 'not-listed', since, message };
    case 'stale':
      return { reason: 'cluster-unreachable', since, message };
    case 'current':
      return null;
  }
}
