import type { AgentDesired, AgentReport } from '../../protocol/agent-report.ts';
import type { FactsReport } from '../../protocol/facts.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { Actor, Origin } from './actor.ts';
import type { AgentRecord } from './records.ts';

/** Part of `Commands`: agents, from their enrolment to their end. */
export interface AgentCommands {
  'enrol-agent': {
    input: {
      readonly joinTokenHash: string;
      readonly agentId: string;
      readonly name: string;
      readonly publicKey: string;
      readonly claimedLabels: Labels;
      readonly origin?: Origin;
      readonly at: number;
    };
    result:
      | { readonly type: 'enrolled' | 'repeated'; readonly agent: AgentRecord }
      | { readonly type: 'token-invalid' | 'name-taken' }
      | { readonly type: 'labels-not-allowed'; readonly labels: readonly string[] };
  };
  /** A newly authenticated control channel: epoch + 1, at once. */
  'take-lease': {
    input: {
      readonly agentId: string;
      readonly owner: string;
      readonly expiresAt: number;
      /** Address of the agent, for the audit. */
      readonly remote?: string | null;
      readonly at: number;
    };
    result:
      | { readonly type: 'taken'; readonly epoch: number; readonly agent: AgentRecord }
      | { readonly type: 'unknown' };
  };
  /** Prolongs the leases that still have this owner and epoch; answers those that have not. */
  'renew-leases': {
    input: {
      readonly owner: string;
      readonly leases: readonly { readonly agentId: string; readonly epoch: number }[];
      readonly expiresAt: number;
      readonly at: number;
    };
    result: { readonly gone: readonly string[] };
  };
  'release-lease': {
    input: { readonly agentId: string; readonly owner: string; readonly epoch: number; readonly at: number };
    result: null;
  };
  'record-agent-report': {
    input: {
      readonly agentId: string;
      readonly labels: Labels | null;
      readonly report: AgentReport;
      readonly at: number;
    };
    result: { readonly agent: AgentRecord } | null;
  };
  /** Keeps the newest facts of one probe, and the history of their changes within bounds. */
  'record-facts': {
    input: { readonly agentId: string; readonly report: FactsReport; readonly at: number };
    result:
      | { readonly type: 'changed'; readonly keys: readonly string[] }
      | { readonly type: 'refreshed' | 'known' | 'unknown' };
  };
  'set-agent-desired': {
    input: {
      readonly account: string;
      readonly name: string;
      readonly desired: Omit<AgentDesired, 'replaceKey'>;
      /** Changes nothing when the agent's `desiredVersion` is another one; null: whatever it is. */
      readonly ifVersion?: number | null;
      readonly actor: Actor;
      readonly at: number;
    };
    result: { readonly type: 'set' | 'stale'; readonly agent: AgentRecord } | { readonly type: 'not-found' };
  };
  /** The agent is asked for another key. */
  'rotate-agent-key': {
    input: { readonly account: string; readonly name: string; readonly actor: Actor; readonly at: number };
    result: { readonly type: 'asked'; readonly agent: AgentRecord } | { readonly type: 'not-found' };
  };
  /** The agent has another key, as it was asked for: both open. Whoever gives the command has seen the proof. */
  'offer-agent-key': {
    input: { readonly agentId: string; readonly publicKey: string; readonly at: number };
    result: { readonly type: 'accepted' | 'ignored' };
  };
  /** The other key is the agent's. */
  'adopt-agent-key': {
    input: {
      readonly agentId: string;
      readonly fingerprint: string;
      readonly remote?: string | null;
      readonly at: number;
    };
    result: { readonly type: 'adopted' | 'ignored' };
  };
  'revoke-agent': {
    input: {
      readonly account: string;
      readonly name: string;
      /** Null: what may run there is left to the rule of silence. Else it is given up, and these attempts may be tried again elsewhere. */
      readonly loseJobs: { readonly retrySafe: readonly string[] } | null;
      readonly note: string | null;
      readonly actor: Actor;
      readonly at: number;
    };
    result: { readonly type: 'revoked'; readonly agent: AgentRecord } | { readonly type: 'not-found' };
  };
  /** For good: only one that is offline, and of which no attempt is open. */
  'remove-agent': {
    input: { readonly account: string; readonly nameOrId: string; readonly actor: Actor; readonly at: number };
    result:
      | { readonly type: 'removed' | 'not-found' | 'online' }
      | { readonly type: 'has-jobs'; readonly jobs: number };
  };
}
