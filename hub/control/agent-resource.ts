import type { AgentDesired, AgentReport } from '../../protocol/agent-report.ts';
import { toKeyProofText } from '../../protocol/key-proof.ts';
import { agentResource } from '../../protocol/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KeepingSink } from '../../sync/keeping-sink.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import type { SpecEntry, SpecVersion } from '../../sync/spec-entry.ts';
import type { SpecLister } from '../../sync/spec-lister.ts';
import type { StatusSink, StatusUpdate } from '../../sync/status-sink.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { isSignedBy, parseAgentKey } from '../identity/agent-key.ts';
import type { AgentRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { isSameReport } from './is-same-report.ts';
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
class DesiredLister implements SpecLister<AgentDesired> {
  readonly #fleet: Fleet;
  readonly #agentId: string;

  constructor(fleet: Fleet, agentId: string) {
    this.#fleet = fleet;
    this.#agentId = agentId;
  }

  async versions(): Promise<readonly SpecVersion[]> {
    const entry = this.#find();
    return entry === null ? [] : [{ id: entry.id, version: entry.version, deleted: false }];
  }

  async get(id: string): Promise<SpecEntry<AgentDesired> | null> {
    return id === this.#agentId ? this.#find() : null;
  }

  #find(): SpecEntry<AgentDesired> | null {
    const agent = this.#fleet.get(this.#agentId);
    return agent === undefined ? null : toDesiredEntry(agent.record);
  }
}

export function createDesiredLister(fleet: Fleet, agentId: string): SpecLister<AgentDesired> {
  return new DesiredLister(fleet, agentId);
}

export interface ReportSinkOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly agentId: string;
  readonly clock: Clock;
  readonly turns: SharedTurns;
}

/**
 * Takes an agent's reports. What changes all the time (slots in use, loop lag, what pressure was measured) stays in memory; the store gets a report only
 * when something else in it changed since the last one, which the fleet has of the store when the hub starts.
 */
class ReportSink extends KeepingSink<AgentReport> {
  readonly #given: ReportSinkOptions;

  constructor(given: ReportSinkOptions) {
    super();
    this.#given = given;
  }

  async apply({ id, status }: StatusUpdate<AgentReport>): Promise<void> {
    const { store, fleet, agentId, clock, turns } = this.#given;
    if (id !== agentId) return;
    const known = fleet.get(agentId)?.report ?? null;
    if (known === null || !isSameReport(known, status)) {
      await turns.turn();
      await store.apply('record-agent-report', { agentId, labels: status.labels, report: status, at: clock.now() });
    }
    fleet.reported(agentId, status);
    if (status.key !== null) await this.#followKey(status.key);
  }

  /** A new key that the agent has and proves is taken beside the old one; once it says that it uses it, the old one goes. */
  async #followKey({ fingerprint, next }: NonNullable<AgentReport['key']>): Promise<void> {
    const { store, fleet, agentId, clock } = this.#given;
    const record = fleet.get(agentId)?.record;
    const wish = record?.desired.replaceKey ?? null;
    if (wish === null) return;
    if (fingerprint === wish.accepted) {
      await store.apply('adopt-agent-key', { agentId, fingerprint, at: clock.now() });
    } else if (next !== null && record?.nextPublicKey !== next.publicKey) {
      const { publicKey, proof } = next;
      const key = parseAgentKey(publicKey);
      if (key === null || !isSignedBy(key, toKeyProofText(publicKey, agentId), proof)) return;
      await store.apply('offer-agent-key', { agentId, publicKey, at: clock.now() });
    }
  }
}

export function createReportSink(given: ReportSinkOptions): StatusSink<AgentReport> {
  return new ReportSink(given);
}
