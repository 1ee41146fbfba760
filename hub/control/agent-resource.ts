import type { AgentDesired, AgentReport } from '../../protocol/agent-report.ts';
import { agentResource } from '../../protocol/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import type { SpecEntry } from '../../sync/spec-entry.ts';
import type { SpecLister } from '../../sync/spec-lister.ts';
import { hashStatus } from '../../sync/status-hash.ts';
import type { StatusSink } from '../../sync/status-sink.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AgentRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

export const agentCodec = createJsonCodec(agentResource);

export function toDesiredEntry(agent: AgentRecord): SpecEntry<AgentDesired> {
  return {
    type: 'wanted',
    id: agent.id,
    version: Math.max(agent.desiredVersion, 1),
    spec: agent.desired,
    traceparent: null,
  };
}

export function createDesiredLister(store: Store, agentId: string): SpecLister<AgentDesired> {
  return {
    async versions() {
      const agent = await store.queries.agent(agentId);
      return agent === null ? [] : [{ id: agent.id, version: Math.max(agent.desiredVersion, 1), deleted: false }];
    },
    async get(id) {
      const agent = id === agentId ? await store.queries.agent(agentId) : null;
      return agent === null ? null : toDesiredEntry(agent);
    },
  };
}

/**
 * Takes an agent's reports. What changes with every job (slots in use, loop lag) stays in memory; the store gets a report only
 * when something else in it changed.
 */
export function createReportSink(options: {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly agentId: string;
  readonly clock: Clock;
}): StatusSink<AgentReport> {
  const { store, fleet, agentId, clock } = options;
  let stored = '';
  return {
    async apply({ id, status }) {
      if (id !== agentId) return;
      const lasting = hashStatus({ ...status, loopLagMs: 0, slots: { ...status.slots, used: 0 } });
      if (lasting !== stored) {
        await store.apply('record-agent-report', {
          agentId,
          labels: status.labels,
          report: status,
          at: clock.now(),
        });
        stored = lasting;
      }
      fleet.reported(agentId, status);
    },
  };
}
