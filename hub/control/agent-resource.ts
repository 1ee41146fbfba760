import { hash } from 'node:crypto';
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
import type { SharedTurns } from './shared-turns.ts';

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
 * when something else in it changed.
 */
export function createReportSink(options: {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly agentId: string;
  readonly clock: Clock;
  readonly turns: SharedTurns;
  /** What the store has of the agent; null: nothing. */
  readonly stored: AgentReport | null;
}): StatusSink<AgentReport> {
  const { store, fleet, agentId, clock, turns } = options;
  let stored = options.stored === null ? '' : hashLasting(options.stored);
  return {
    async apply({ id, status }) {
      if (id !== agentId) return;
      const lasting = hashLasting(status);
      if (lasting !== stored) {
        await turns.turn();
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

/** Of what does not change with every job. Both sides were read by one schema, so their keys stand in one order; else a report is stored once more. */
function hashLasting(report: AgentReport): string {
  return hash('sha256', JSON.stringify({ ...report, loopLagMs: 0, slots: { ...report.slots, used: 0 } }));
}
