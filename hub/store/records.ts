import type { Quotas } from '../../protocol/account.ts';
import type { AgentDesired, AgentReport } from '../../protocol/agent-report.ts';
import type { AttemptResult, Gap, Started } from '../../protocol/attempt-result.ts';
import type { Cause } from '../../protocol/cause.ts';
import type { JobState } from '../../protocol/job-state.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { LabelSelector } from '../../protocol/label-selector.ts';
import type { Labels } from '../../protocol/labels.ts';

/** Rows as the rest of the hub sees them. Times are milliseconds since 1970. What is not known yet is null. */

/** What the hub holds of a log: `bytes` is stored durably; the rest is known once the attempt has a result. */
export interface StoredLog {
  readonly bytes: number;
  readonly sha256: string | null;
  readonly complete: boolean | null;
  readonly gaps: readonly Gap[];
  readonly trailing: number;
  /** When retention removed the bytes; what is said of them stays. */
  readonly removedAt: number | null;
}

export interface JobRecord {
  readonly id: string;
  readonly account: string;
  readonly automation: string;
  /** Digest of the automation that the parameters were validated against at submission; null when none was known. */
  readonly digest: string | null;
  readonly parameters: JsonObject;
  readonly secretNames: readonly string[];
  readonly selector: string;
  readonly priority: number;
  readonly labels: Labels;
  readonly timeoutSeconds: number | null;
  readonly expiresAt: number | null;
  readonly retry: { readonly limit: number; readonly on: readonly Cause[] };
  readonly retriesUsed: number;
  /** The place in a trace that the job was submitted at. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly state: JobState;
  /** Grows with every change. */
  readonly version: number;
  /** The newest attempt, if it was not withdrawn. */
  readonly attemptId: string | null;
  readonly attemptNumber: number | null;
  readonly agentId: string | null;
  readonly agentName: string | null;
  readonly cancelRequestedAt: number | null;
  readonly cause: Cause | null;
  readonly message: string | null;
  readonly started: Started | null;
  readonly retrySafe: boolean | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly outputs: JsonObject | null;
  readonly log: StoredLog | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/**
 * - `offered`: the offer is out, no document was sent
 * - `running`: `documentSentAt` is set and no result is stored
 * - `ended`: a result is stored
 * - `withdrawn`: given up before its document was sent
 * - `agent-lost`: silent for too long; a late result corrects it
 * - `state-lost`: the agent said that its folder is gone; final
 */
export type AttemptState = 'offered' | 'running' | 'ended' | 'withdrawn' | 'agent-lost' | 'state-lost';

/**
 * - `given`: a ticket was made, so a runner may come in the agent's place
 * - `taken-back`: the agent speaks for the attempt again, and no runner does
 */
export type HandoverState = 'given' | 'taken-back';

/** An attempt that its agent gave to a runner: `docs/attempts.md` §7. */
export interface Handover {
  readonly state: HandoverState;
  /** Whoever came first with a ticket, and its newest session, whose `leaseEpoch` is the runner's count of its own starts. Never another one. */
  readonly runner: { readonly folderId: string; readonly session: SessionEpoch } | null;
}

export interface AttemptRecord {
  readonly id: string;
  readonly jobId: string;
  readonly account: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly automation: string;
  readonly digest: string | null;
  readonly state: AttemptState;
  readonly number: number | null;
  readonly leaseEpoch: number;
  /** Wish of the hub on the control channel. */
  readonly desired: 'run' | 'cancel';
  /** `resourceversion` on the control channel: grows with `desired` and `documentSent`. */
  readonly specVersion: number;
  readonly folderId: string | null;
  readonly documentSentAt: number | null;
  /** Highest (lease epoch, count of opens) seen. */
  readonly sessionEpoch: SessionEpoch | null;
  /** Null where the agent runs the command itself. */
  readonly handover: Handover | null;
  readonly offeredAt: number;
  /** What the agent said of its automation then. */
  readonly retrySafe: boolean;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly result: AttemptResult | null;
  readonly log: StoredLog | null;
  /** The job's trace with the attempt's own span in it. */
  readonly traceparent: string | null;
}

export interface SessionEpoch {
  readonly leaseEpoch: number;
  readonly opens: number;
}

export interface AgentRecord {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  /** SPKI, base64. */
  readonly publicKey: string;
  /** Is to take its place; both open until this one was used. */
  readonly nextPublicKey: string | null;
  /** Labels that count: those claimed and allowed, and those the hub set. */
  readonly labels: Labels;
  readonly desired: AgentDesired;
  readonly desiredVersion: number;
  /** The newest report; null before the first. Counters in it (slots used, loop lag) are as old as `reportedAt`. */
  readonly report: AgentReport | null;
  readonly reportedAt: number | null;
  readonly lastSeenAt: number | null;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly lease: LeaseRecord | null;
}

/** As much of an agent as tells whether somebody is that agent. */
export type AgentIdentity = Pick<AgentRecord, 'id' | 'account' | 'name' | 'publicKey' | 'nextPublicKey' | 'revokedAt'>;

export interface LeaseRecord {
  /** The hub process that holds the agent's control channel; null when the agent left in order. */
  readonly owner: string | null;
  readonly epoch: number;
  readonly expiresAt: number;
}

export interface FactsRecord {
  readonly agentId: string;
  readonly probe: string;
  /** Of the probe's file when it last ran. */
  readonly digest: string;
  /** Null before the probe ran well for the first time. */
  readonly facts: JsonObject | null;
  readonly collectedAt: number | null;
  /** When they became what they are, volatile values left aside. */
  readonly changedAt: number | null;
  readonly durationMs: number | null;
  /** Why the newest run gave no facts. */
  readonly error: { readonly message: string; readonly at: number } | null;
}

/** Facts as they were after one change. */
export interface FactsChangeRecord {
  readonly sequence: number;
  readonly digest: string;
  readonly facts: JsonObject;
  /** Keys of the top level. */
  readonly changed: readonly string[];
  readonly collectedAt: number;
  readonly recordedAt: number;
}

export type Role = 'admin' | 'operator' | 'approver' | 'viewer';

export interface TokenRecord {
  readonly id: string;
  readonly account: string;
  readonly role: Role;
  readonly name: string;
  readonly expiresAt: number | null;
}

/** As a list shows it. */
export type ListedToken = TokenRecord & { readonly createdAt: number; readonly revokedAt: number | null };

export interface JoinTokenRecord {
  readonly id: string;
  readonly account: string;
  readonly usesLeft: number | null;
  readonly expiresAt: number | null;
  /** Which labels an agent may claim with it. Empty: any outside the hub's own prefix. */
  readonly allowedLabels: LabelSelector;
  /** Labels that every agent that comes with it gets. */
  readonly labels: Labels;
  /** A new key may take over the name of an agent that came with this token. */
  readonly ephemeral: boolean;
}

/** As a list shows it. */
export type ListedJoinToken = JoinTokenRecord & { readonly createdAt: number };

/** What the store knows of an account. */
export interface AccountRecord {
  readonly name: string;
  /** Of its quotas; 0 before they were set. */
  readonly version: number;
  readonly quotas: Quotas;
  /** Of logs of ended attempts that are there. */
  readonly logBytes: number;
}

export interface AuditRecord {
  /** Grows without holes being promised; the id of server-sent events. */
  readonly sequence: number;
  readonly at: number;
  readonly account: string;
  /** `token:<id>`, `agent:<id>` or `hub`. */
  readonly actor: string;
  /** Such as `job.queued`, `job.corrected`, `token.created`. */
  readonly action: string;
  readonly object: string;
  readonly data: JsonObject;
  /** Of the request that it was asked for with; null where nobody asked. */
  readonly requestId: string | null;
  /** Address of whoever asked. */
  readonly remote: string | null;
}

/** A start of a hub on this store. */
export interface StartRecord {
  /** Count of commits at the next start; null for the one that is not over. */
  readonly overAt: number | null;
}

/** An agent that was told of more than the store has had. */
export interface AgentAhead {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  readonly toldAt: number;
}
