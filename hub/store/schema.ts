import type { Generated } from 'kysely';
import type { Cause } from '../../protocol/cause.ts';
import type { JobState } from '../../protocol/job-state.ts';
import type { InventoryList } from './inventory.ts';
import type { AttemptState, HandoverState, Role } from './records.ts';

/**
 * Tables and columns, the same in every adapter. One wire form for each kind of value, so that no adapter converts twice: times
 * are whole milliseconds, truth is 0 or 1, JSON is text, ciphertext is bytes. `…-row.ts` turns rows into records.
 */
export interface Schema {
  readonly jobs: JobRow & { readonly secrets: Uint8Array | null };
  readonly job_labels: JobLabelRow;
  readonly idempotency: IdempotencyRow;
  readonly attempts: AttemptRow;
  readonly agents: AgentRow;
  readonly agent_reports: AgentReportRow;
  readonly agent_leases: AgentLeaseRow;
  readonly tokens: TokenRow;
  readonly join_tokens: JoinTokenRow;
  readonly audit: AuditTable;
  readonly facts: FactsRow;
  readonly facts_history: FactsHistoryRow;
  readonly removed_attempts: RemovedAttemptRow;
  readonly log_removals: { readonly attempt_id: string };
  readonly retention: RetentionRow;
  readonly account_quotas: { readonly account: string; readonly version: number; readonly quotas: string };
  readonly account_logs: { readonly account: string; readonly bytes: number };
  readonly starts: StartRow;
  readonly agents_ahead: AgentAheadRow;
  readonly inventory: InventoryRow;
  readonly inventory_sums: InventorySumRow;
  readonly given_up_starts: { readonly start_id: string; readonly given_up_at: number };
}

/** A job without its ciphertext, which is read only where it is sent. */
export interface JobRow {
  readonly id: string;
  readonly account: string;
  readonly automation: string;
  readonly digest: string | null;
  readonly parameters: string;
  readonly secret_names: string;
  readonly selector: string;
  readonly priority: number;
  readonly labels: string;
  readonly timeout_seconds: number | null;
  readonly expires_at: number | null;
  readonly retry_limit: number;
  readonly retry_on: string;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly created_at: number;
  readonly state: JobState;
  readonly version: number;
  readonly retries_used: number;
  /** How often the job went back to the queue because its command was proved never to have started. */
  readonly never_started: number;
  /** Offers made so far; an attempt's `ordinal` is one of them. */
  readonly offers: number;
  /** Numbers given so far; an attempt's `number` is one of them. */
  readonly numbers: number;
  /** The newest attempt that got its document. */
  readonly document_attempt_id: string | null;
  readonly document_ordinal: number;
  readonly attempt_id: string | null;
  readonly attempt_number: number | null;
  readonly agent_id: string | null;
  readonly agent_name: string | null;
  readonly cancel_requested_at: number | null;
  readonly cause: Cause | null;
  readonly message: string | null;
  readonly started: 'true' | 'false' | 'unknown' | null;
  readonly retry_safe: number | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly outputs: string | null;
  readonly log: string | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  /** When the hub heard of the end, by its own clock: what the correction window counts from. */
  readonly ended_at: number | null;
  /** From here on the document is never sent again, whether it had secrets or not. */
  readonly secrets_wiped_at: number | null;
}

export interface JobLabelRow {
  readonly account: string;
  readonly key: string;
  readonly value: string;
  readonly job_id: string;
}

export interface IdempotencyRow {
  readonly account: string;
  readonly key: string;
  readonly request_digest: string;
  readonly job_id: string;
  readonly created_at: number;
}

export interface AttemptRow {
  readonly id: string;
  readonly job_id: string;
  readonly account: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly automation: string;
  readonly digest: string | null;
  /** 1, 2 … over all offers of the job: says which of two attempts is newer, whatever clocks made their ids. */
  readonly ordinal: number;
  readonly lease_epoch: number;
  readonly offered_at: number;
  /** Null of an attempt that an earlier version offered. */
  readonly retry_safe: number | null;
  readonly version: number;
  readonly state: AttemptState;
  /** 1 while `offered`, `running` or `agent-lost`, else null: what partial indexes go by. */
  readonly open: number | null;
  readonly number: number | null;
  readonly desired: 'run' | 'cancel';
  readonly spec_version: number;
  readonly folder_id: string | null;
  readonly document_sent_at: number | null;
  readonly session_lease_epoch: number | null;
  readonly session_opens: number | null;
  /** Null where the agent has not handed the attempt over. */
  readonly handover: HandoverState | null;
  /** The one folder of a runner that the document goes to; null before one came. */
  readonly runner_folder_id: string | null;
  /** Of the runner's newest session: how often it had been started, and its count of opens. */
  readonly runner_starts: number | null;
  readonly runner_opens: number | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly result: string | null;
  readonly log: string | null;
  /** Of the attempt's own span; null where the job has no trace. */
  readonly traceparent: string | null;
  /** Length of a stored log of an ended attempt while it is there; null when there is none, or not any more. */
  readonly log_bytes: number | null;
}

export interface AgentRow {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  readonly public_key: string;
  /** Is to take its place; both open until this one was used. */
  readonly next_public_key: string | null;
  readonly labels: string;
  readonly join_token_id: string;
  /** What the join token allowed and gave, kept because later reports claim labels again. */
  readonly allowed_labels: string;
  readonly given_labels: string;
  readonly desired: string;
  readonly desired_version: number;
  readonly created_at: number;
  readonly revoked_at: number | null;
}

export interface AgentReportRow {
  readonly agent_id: string;
  readonly report: string;
  readonly reported_at: number;
}

export interface AgentLeaseRow {
  readonly agent_id: string;
  readonly owner: string | null;
  readonly epoch: number;
  readonly expires_at: number;
  readonly last_seen_at: number;
}

export interface FactsRow {
  readonly agent_id: string;
  readonly probe: string;
  readonly digest: string;
  /** Null before the probe ran well for the first time. */
  readonly facts: string | null;
  readonly collected_at: number | null;
  readonly changed_at: number | null;
  readonly duration_ms: number | null;
  readonly error: string | null;
  readonly error_at: number | null;
  /** Changes so far; the `sequence` of one in the history is one of them. */
  readonly changes: number;
  readonly recorded_at: number;
}

export interface FactsHistoryRow {
  readonly agent_id: string;
  readonly probe: string;
  readonly sequence: number;
  readonly digest: string;
  readonly facts: string;
  /** Length of `facts`. */
  readonly bytes: number;
  readonly changed: string;
  readonly collected_at: number;
  readonly recorded_at: number;
}

export interface InventoryRow {
  readonly id: string;
  readonly account: string;
  readonly agent_id: string;
  readonly list: InventoryList;
  readonly resource_id: string;
  readonly cluster: string;
  readonly namespace: string | null;
  readonly kind: string | null;
  readonly name: string;
  readonly state: string;
  readonly hash: string;
  readonly shape: string;
  readonly first_seen_at: number;
  readonly changed_at: number;
  /** Length of `labels` and `report`. */
  readonly bytes: number;
  readonly labels: string;
  readonly report: string;
}

export interface InventorySumRow {
  readonly agent_id: string;
  readonly cluster: string;
  readonly list: InventoryList;
  readonly items: number;
  readonly bytes: number;
}

/** An attempt that was removed with its job. Its agent may still hold its folder. */
export interface RemovedAttemptRow {
  readonly id: string;
  readonly agent_id: string;
  /** What its agent is told when it comes back: its result was stored, or it was given up. */
  readonly answer: 'accepted' | 'withdrawn';
  readonly removed_at: number;
}

/** One row. */
export interface RetentionRow {
  readonly id: number;
  /** The time that ages are counted to; null before retention looked for the first time. */
  readonly lived_to: number | null;
  /** Events of the audit up to this one were removed. */
  readonly audit_removed_through: number;
}

/** A start of a hub on this store. */
export interface StartRow {
  /** In their order. */
  readonly sequence: number;
  readonly id: string;
  /** Count of commits at that moment. */
  readonly commits: number;
}

/** What an agent saw that is not in this store's past. */
export interface AgentAheadRow {
  readonly agent_id: string;
  /** Empty where the agent knew a count of commits alone. */
  readonly start_id: string;
  readonly commits: number;
  readonly told_at: number;
}

export interface TokenRow {
  readonly id: string;
  readonly hash: string;
  readonly account: string;
  readonly role: Role;
  readonly name: string;
  readonly expires_at: number | null;
  readonly created_at: number;
  readonly revoked_at: number | null;
}

export interface JoinTokenRow {
  readonly id: string;
  readonly hash: string;
  readonly account: string;
  readonly uses_left: number | null;
  readonly expires_at: number | null;
  readonly allowed_labels: string;
  readonly labels: string;
  readonly ephemeral: number;
  readonly created_at: number;
}

export interface AuditRow {
  readonly sequence: number;
  readonly at: number;
  readonly account: string;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly data: string;
  readonly request_id: string | null;
  /** Address of whoever asked. */
  readonly remote: string | null;
}

export interface AuditTable extends Omit<AuditRow, 'sequence'> {
  readonly sequence: Generated<number>;
}
