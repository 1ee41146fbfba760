import type { AgentReport } from '../../protocol/agent-report.ts';
import type { AutomationSummary } from '../../protocol/automation-summary.ts';
import type { HubStatus } from '../../protocol/hub-status.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { Progress } from '../../protocol/progress.ts';
import type { KeyHolders } from '../fleet/key-holders.ts';
import type { WaitingView } from '../scheduler/waiting-view.ts';
import type { StatusReader } from '../status/hub-status.ts';
import type { AttemptRecord, JobRecord } from '../store/records.ts';

/** An agent at this moment. */
export interface LiveAgentView {
  readonly id: string;
  /** Null while nobody holds its control channel: it is not online. */
  readonly leaseEpoch: number | null;
  /** Slots that are taken, by the hub's own count. */
  readonly busyTotal: number;
  readonly labels: Labels;
  /** The newest report; null before the first. */
  readonly report: AgentReport | null;
  /** By name. */
  readonly automations: ReadonlyMap<string, AutomationSummary>;
  readonly keyHolders: Pick<KeyHolders, 'problem'>;
}

/** What the API shows and the store does not hold: facts that live in the hub's memory. Every call answers at once. */
export interface HubView {
  agent(agentId: string): LiveAgentView | undefined;
  /** Agents that serve the account, online or not. */
  agents(account: string): Iterable<LiveAgentView>;
  /** How many jobs of the account, or of all of them, wait for an agent. */
  queued(account: string | null): number;
  /** How many jobs of the account agents have. */
  running(account: string): number;
  /** Why agents that serve the account do not take this queued job. */
  waiting(job: JobRecord): WaitingView;
  /** How far a running attempt says it is: the same object until there is news. */
  progress(attemptId: string): Progress | null;
  /** Resolves when an attempt of the job tells of progress, or when `signal` aborts. */
  nextProgress(jobId: string, signal: AbortSignal): Promise<void>;
  /** Why the hub cannot do its work; null when it can. */
  notReady(): string | null;
  /** Why no job is offered until somebody did something; null when that is not so. Names nobody. */
  held(): string | null;
  /** What is wrong with this process that only its restart mends; null when it is well. What goes wrong outside is never a reason. */
  fault(): string | null;
  /** Whether the automation of the attempt may be run again when nobody knows whether it ran, by the word of its agent. */
  isRetrySafe(attempt: AttemptRecord): boolean;
  status(reader: StatusReader): HubStatus;
}
