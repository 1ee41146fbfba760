import type { AgentReport } from '../../protocol/agent-report.ts';
import type { Clock } from '../../runtime/clock.ts';
import { defaultAccount } from '../account.ts';
import { isOpen } from '../store/is-open.ts';
import type { AgentRecord, AttemptRecord } from '../store/records.ts';
import { isRetrySafe } from '../store/retry-rule.ts';
import { type AgentLink, LiveAgent } from './live-agent.ts';
import { SharedCatalogs } from './shared-catalogs.ts';

/**
 * Every agent that the hub knows, in memory: who is connected here, what it last reported, how many of its slots are taken.
 * All of it can be had again from the store and from the agents themselves.
 */
export class Fleet {
  readonly #agents = new Map<string, LiveAgent>();
  readonly #byAccount = new Map<string, Set<LiveAgent>>();
  readonly #attempts = new Map<string, LiveAgent>();
  /** Agents that are no more, while what ran on them may still run. */
  readonly #gone = new Map<string, LiveAgent>();
  readonly #catalogs = new SharedCatalogs();
  readonly #clock: Clock;
  #onRoom: (agent: LiveAgent) => void = () => {};
  #revision = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `listener` whenever an agent may take work that it could not take before. */
  onRoom(listener: (agent: LiveAgent) => void): void {
    this.#onRoom = listener;
  }

  /** Another number after each change of what an agent is or has taken. */
  get revision(): number {
    return this.#revision;
  }

  get(agentId: string): LiveAgent | undefined {
    return this.#agents.get(agentId);
  }

  /** Of all accounts, connected or not. */
  all(): Iterable<LiveAgent> {
    return this.#agents.values();
  }

  /** Of all accounts. */
  count(): { readonly online: number; readonly offline: number } {
    let online = 0;
    for (const agent of this.#agents.values()) if (agent.link !== null) online++;
    return { online, offline: this.#agents.size - online };
  }

  /** Agents that take jobs of the account, connected or not. */
  *serving(account: string): Generator<LiveAgent, void, void> {
    yield* this.#byAccount.get(account) ?? [];
    if (account !== defaultAccount) yield* this.#byAccount.get(defaultAccount) ?? [];
  }

  /** By what the agent says, or last said. */
  isRetrySafe(attempt: AttemptRecord): boolean {
    const agent = this.#agents.get(attempt.agentId) ?? this.#gone.get(attempt.agentId);
    return isRetrySafe(attempt, agent?.automations.get(attempt.automation));
  }

  put(record: AgentRecord): LiveAgent {
    this.#revision++;
    const gone = this.#gone.get(record.id);
    if (gone !== undefined) return gone;
    const known = this.#agents.get(record.id);
    if (known !== undefined) {
      known.replaceRecord(record);
      this.#onRoom(known);
      return known;
    }
    const agent = new LiveAgent(record, { catalogs: this.#catalogs, clock: this.#clock });
    this.#agents.set(agent.id, agent);
    let account = this.#byAccount.get(agent.account);
    if (account === undefined) {
      account = new Set();
      this.#byAccount.set(agent.account, account);
    }
    account.add(agent);
    return agent;
  }

  /** It was revoked, or removed: it takes no work and is shown to nobody. Answers its link, for the caller to close. */
  remove(agentId: string): AgentLink | null {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return null;
    this.#revision++;
    const { link } = agent;
    if (link !== null) agent.heardAt = this.#clock.monotonic();
    agent.link = null;
    this.#agents.delete(agentId);
    this.#byAccount.get(agent.account)?.delete(agent);
    this.#gone.set(agentId, agent);
    return link;
  }

  /** True once it was removed. */
  isGone(agentId: string): boolean {
    return this.#gone.has(agentId);
  }

  /** When something was last heard of an agent that has no link, also of one that is gone; null for one that was never here. */
  heardAt(agentId: string): number | null {
    return (this.#agents.get(agentId) ?? this.#gone.get(agentId))?.heardAt ?? null;
  }

  reported(agentId: string, report: AgentReport): void {
    this.#revision++;
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return;
    agent.replaceReport(report);
    this.#onRoom(agent);
  }

  /** Answers the link that stood before, for its owner to close. */
  connected(agentId: string, link: AgentLink): AgentLink | null {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return null;
    const earlier = agent.link;
    agent.link = link;
    this.#revision++;
    this.#onRoom(agent);
    return earlier;
  }

  /** Nothing when a newer link stands already. */
  disconnected(agentId: string, link: AgentLink): void {
    const agent = this.#agents.get(agentId);
    if (agent?.link !== link) return;
    agent.link = null;
    this.#revision++;
    this.heard(agentId);
  }

  /** It gave a sign of life. An agent that is connected need not. */
  heard(agentId: string): void {
    const agent = this.#agents.get(agentId);
    if (agent !== undefined) agent.heardAt = this.#clock.monotonic();
  }

  /** For so long nobody could have been heard, because this process did not run. */
  forgive(ms: number): void {
    const now = this.#clock.monotonic();
    for (const agent of [...this.#agents.values(), ...this.#gone.values()])
      agent.heardAt = Math.min(now, agent.heardAt + ms);
  }

  /** Holds a slot for an attempt that is about to be offered. */
  reserve(agent: LiveAgent, attemptId: string, automation: string): void {
    this.#revision++;
    agent.occupy(attemptId, automation);
    this.#attempts.set(attemptId, agent);
  }

  release(attemptId: string): void {
    const agent = this.#attempts.get(attemptId);
    this.#attempts.delete(attemptId);
    this.#revision++;
    if (agent?.free(attemptId) === true) this.#onRoom(agent);
  }

  /** An attempt that was called lost keeps its slot: when its agent comes back, it may run on there. */
  attemptChanged(attempt: AttemptRecord): void {
    if (!isOpen(attempt.state)) {
      this.release(attempt.id);
      return;
    }
    const agent = this.#agents.get(attempt.agentId);
    if (agent !== undefined) this.reserve(agent, attempt.id, attempt.automation);
  }
}
