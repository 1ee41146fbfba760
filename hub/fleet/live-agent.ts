import { isDeepStrictEqual } from 'node:util';
import type { AgentReport } from '../../protocol/agent-report.ts';
import { hubLabelPrefix, type Labels } from '../../protocol/labels.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Candidate } from '../scheduler/candidate.ts';
import type { AgentRecord, AttemptRecord } from '../store/records.ts';
import { KeyHolders } from './key-holders.ts';
import type { Catalog, SharedCatalogs } from './shared-catalogs.ts';

/** The hub's end of an agent's control channel, as much of it as others need. */
export interface AgentLink {
  readonly leaseEpoch: number;
  /** Tells the agent of an attempt: the offer, or what is wished of it now. */
  publishAttempt(attempt: AttemptRecord): void;
  publishDesired(agent: AgentRecord): void;
  close(reason: string): Promise<void>;
}

/** A stored agent, without the report: the newest is kept beside it. */
export type KnownAgent = Omit<AgentRecord, 'report'>;

/** The label that names the agent itself, so that a selector can pick one machine. */
const agentLabel = `${hubLabelPrefix}agent`;

const noCatalog: Catalog = { list: [], byName: new Map() };

/** One agent as this hub knows it: the stored record, and what only lives while its control channel is open. */
export class LiveAgent implements Candidate {
  readonly #catalogs: SharedCatalogs;
  #record: KnownAgent;
  #report: AgentReport | null = null;
  #catalog: Catalog = noCatalog;
  #labels: Labels = {};
  readonly #open = new Map<string, string>();
  readonly #busy = new Map<string, number>();
  /** The processes that came with its key. */
  readonly keyHolders: KeyHolders;
  link: AgentLink | null = null;
  /** When something was last heard of it while it had no link, by the clock that never goes back. */
  heardAt: number;

  constructor(record: AgentRecord, { catalogs, clock }: { readonly catalogs: SharedCatalogs; readonly clock: Clock }) {
    this.#catalogs = catalogs;
    this.keyHolders = new KeyHolders(clock);
    this.heardAt = clock.monotonic();
    this.#record = record;
    this.replaceRecord(record);
  }

  get id(): string {
    return this.#record.id;
  }
  get account(): string {
    return this.#record.account;
  }
  get name(): string {
    return this.#record.name;
  }
  get record(): KnownAgent {
    return this.#record;
  }
  get report(): AgentReport | null {
    return this.#report;
  }
  get labels(): Labels {
    return this.#labels;
  }
  get leaseEpoch(): number | null {
    return this.link?.leaseEpoch ?? null;
  }
  get schedulable(): boolean {
    return this.#record.desired.schedulable && !this.#record.desired.drain;
  }
  get health(): Candidate['health'] {
    return this.#report?.health.state ?? 'unknown';
  }
  get closedBecause(): string | null {
    // A stored report may be of an earlier version.
    const admission = this.#report?.admission ?? null;
    if (admission?.state !== 'closed') return null;
    return admission.reasons.map(({ message }) => message).join('; ');
  }
  get slots(): number {
    return this.#report?.slots.total ?? 0;
  }
  get busy(): ReadonlyMap<string, number> {
    return this.#busy;
  }
  get busyTotal(): number {
    return this.#open.size;
  }
  get automations(): Catalog['byName'] {
    return this.#catalog.byName;
  }

  replaceRecord({ report, ...record }: AgentRecord): void {
    // What a copy of it would hold anew stays as it was: others keep it too.
    this.#record = { ...record, id: this.#record.id, account: this.#record.account };
    this.#labels = { ...record.labels, [agentLabel]: record.name };
    if (this.#report === null && report !== null) this.replaceReport(report);
  }

  replaceReport(report: AgentReport): void {
    // Most reports tell of the catalog that was known already.
    if (this.#report === null || !isDeepStrictEqual(report.automations, this.#report.automations)) {
      this.#catalog = this.#catalogs.share(report.automations);
    }
    this.#report = { ...report, automations: this.#catalog.list };
  }

  /** Counts the attempt against the slots. Twice is once. */
  occupy(attemptId: string, automation: string): void {
    if (this.#open.has(attemptId)) return;
    this.#open.set(attemptId, automation);
    this.#busy.set(automation, (this.#busy.get(automation) ?? 0) + 1);
  }

  /** True when it was counted. */
  free(attemptId: string): boolean {
    const automation = this.#open.get(attemptId);
    if (automation === undefined) return false;
    this.#open.delete(attemptId);
    const left = (this.#busy.get(automation) ?? 1) - 1;
    if (left === 0) this.#busy.delete(automation);
    else this.#busy.set(automation, left);
    return true;
  }
}
