import type { AgentDesired, AgentReport } from '../../protocol/agent-report.ts';
import { agentResource } from '../../protocol/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import type { SpecEntry } from '../../sync/spec-entry.ts';
import type { SpecLister } from '../../sync/spec-lister.ts';
import type { StatusSink } from '../../sync/status-sink.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AgentRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { isSameReport } from './is-same-report.ts';

export const agentCodec = createJsonCodec(agentResource);

export function toDesiredEntry(agent: Pick<AgentRecord, 'id' | 'desired' | 'desiredVersion'>): SpecEntry<AgentDesired> {
  return {
    type: 'wanted',
    id: agent.id,
    version: Math.max(agent.desiredVersion, 1),
    spec: agent.desired,
    traceparent: null,
  };
}

/** Of the fleet's copy, which follows the store: each agent asks every minute, and most of a stored agent is its report. */
export function createDesiredLister(fleet: Fleet, agentId: string): SpecLister<AgentDesired> {
  const find = () => {
    const agent = fleet.get(agentId);
    return agent === undefined ? null : toDesiredEntry(agent.record);
  };
  return {
    async versions() {
      const entry = find();
      return entry === null ? [] : [{ id: entry.id, version: entry.version, deleted: false }];
    },
    get: async (id) => (id === agentId ? find() : null),
  };
}

/**
 * Takes an agent's reports. What changes with every job (slots in use, loop lag) stays in memory; the store gets a report only
 * when something else in it changed since the last one, which the fleet has of the store when the hub starts.
 */
export function createReportSink(options: {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly agentId: string;
  readonly clock: Clock;
}): StatusSink<AgentReport> {
  const { store, fleet, agentId, clock } = options;
  return {
    async apply({ id, status }) {
      if (id !== agentId) return;
      const known = fleet.get(agentId)?.report ?? null;
      if (known === null || !isSameReport(known, status)) {
        await store.apply('record-agent-report', {
          agentId,
          labels: status.labels,
          report: status,
          at: clock.now(),
        });
      }
      fleet.reported(agentId, status);
    },
  };
}
