import type { Quotas } from '../../protocol/account.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Cause } from '../../protocol/cause.ts';
import type { JobDocument } from '../../protocol/job-document.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { DeclineReason } from '../../protocol/offer.ts';
import type { Have } from '../../protocol/session-frame.ts';
import type { Actor } from './actor.ts';
import type { AgentCommands } from './agent-command.ts';
import type { RunnerOpen } from './answer-runner.ts';
import type { InventoryCommands } from './inventory.ts';
import type { KeepingCommands } from './keeping-command.ts';
import type { AttemptRecord, JobRecord, JoinTokenRecord, Role, SessionEpoch, TokenRecord } from './records.ts';

/**
 * Everything that changes the store. A command is one transaction: it sees a consistent state, changes all or nothing, writes its
 * audit events, and is answered after the commit. Time comes in with it (`at`, milliseconds), so that a replay is exact.
 * The rules behind the job commands are `docs/attempts.md` §1, §3 and §5, row by row.
 */
export interface Commands extends AgentCommands, InventoryCommands, KeepingCommands {
  // Jobs
  'submit-job': {
    input: {
      readonly job: NewJob;
      readonly actor: Actor;
      readonly idempotency: Idempotency | null;
      readonly at: number;
    };
    result: { readonly type: 'created'; readonly job: JobRecord } | RepeatedSubmission;
  };
  'cancel-job': {
    input: { readonly account: string; readonly jobId: string; readonly actor: Actor; readonly at: number };
    result:
      | { readonly type: 'cancelled' | 'requested'; readonly job: JobRecord }
      | { readonly type: 'ended'; readonly job: JobRecord }
      | { readonly type: 'not-found' };
  };
  /** `queued → failed (expired)`, or `→ lost` beside an attempt that may still return, for those whose time is over, a bounded number in one command. */
  'expire-jobs': { input: { readonly at: number }; result: { readonly jobIds: readonly string[] } };

  // Attempts
  'offer-attempt': {
    input: {
      readonly jobId: string;
      readonly attemptId: string;
      readonly agentId: string;
      /** The offer is made only while the agent's lease still has this epoch. */
      readonly leaseEpoch: number;
      readonly digest: string | null;
      /** What the agent says of that form. */
      readonly retrySafe: boolean;
      readonly at: number;
    };
    result:
      | { readonly type: 'offered'; readonly attempt: AttemptRecord }
      | { readonly type: 'not-queued' | 'lease-gone' };
  };
  /** `offered → queued`; nothing once the document was sent. */
  'withdraw-offer': {
    input: {
      readonly attemptId: string;
      readonly why: 'timeout' | DeclineReason;
      readonly message: string | null;
      readonly at: number;
    };
    result: { readonly type: 'withdrawn'; readonly job: JobRecord } | { readonly type: 'too-late' | 'unknown' };
  };
  /** One row of the table of answers to `open`. Sets `documentSentAt`, `folderId`, the number and the session epoch where the row says so. */
  'open-attempt': {
    input: {
      readonly attemptId: string;
      readonly agentId: string;
      readonly folderId: string;
      readonly have: Have;
      readonly epoch: SessionEpoch;
      /** It asks for a ticket. Any other `open` of the agent takes back what it handed over. */
      readonly handsOver?: boolean;
      readonly at: number;
    };
    result: OpenAnswer;
  };
  /** One row of the table of answers to a runner's `open`. Its folder is the only one that may run the command from then on. */
  'open-runner': {
    input: RunnerOpen & { readonly attemptId: string; readonly agentId: string; readonly at: number };
    result: OpenAnswer;
  };
  /** The agent's word on the control channel: `running` sets `startedAt`; `declined` withdraws an offer or, with `state-lost`, ends the attempt. */
  'report-attempt': {
    input: {
      readonly attemptId: string;
      readonly agentId: string;
      readonly report:
        | { readonly type: 'running'; readonly startedAt: number | null }
        | { readonly type: 'declined'; readonly reason: DeclineReason; readonly message: string | null };
      readonly at: number;
    };
    result: { readonly type: 'applied' | 'ignored' | 'unknown' };
  };
  /** Stores the result of an attempt whose log is stored to `storedLog`. Refused when a newer session of the attempt was opened since. */
  'end-attempt': {
    input: {
      readonly attemptId: string;
      readonly agentId: string;
      readonly epoch: SessionEpoch;
      /** Folder of the runner that says so; left out: the agent does. */
      readonly runnerFolderId?: string;
      readonly result: AttemptResult;
      /** What the hub really has: equal to the result's log, or the reason why not is among `result.log.gaps`. */
      readonly storedLog: {
        readonly bytes: number;
        readonly sha256: string;
        readonly complete: boolean;
        readonly gaps: AttemptResult['log']['gaps'];
      };
      readonly retrySafe: boolean;
      readonly at: number;
    };
    result:
      | { readonly type: 'accepted'; readonly job: JobRecord }
      | { readonly type: 'replaced' | 'unknown' | 'withdrawn' };
  };
  /** The agent of these attempts was silent for too long: `running → lost (agent-lost)` or back to the queue. */
  'lose-attempts': {
    input: { readonly attemptIds: readonly string[]; readonly retrySafe: readonly boolean[]; readonly at: number };
    result: { readonly lost: readonly string[] };
  };
  /** The correction window of jobs that ended before `before` is over: secrets go, of a bounded number in one command. */
  'close-corrections': {
    input: { readonly before: number; readonly at: number };
    result: { readonly jobIds: readonly string[] };
  };

  // Identity
  'create-token': {
    input: {
      readonly id: string;
      readonly hash: string;
      readonly account: string;
      readonly role: Role;
      readonly name: string;
      readonly expiresAt: number | null;
      readonly actor: Actor;
      readonly at: number;
    };
    result: TokenRecord;
  };
  'revoke-token': {
    input: { readonly id: string; readonly account: string; readonly actor: Actor; readonly at: number };
    result: { readonly type: 'revoked' | 'not-found' };
  };
  /** `ifVersion`: only while they are of this version; 0 before they were ever set. Null: whatever they are. */
  'set-quotas': {
    input: {
      readonly account: string;
      readonly quotas: Quotas;
      readonly ifVersion: number | null;
      readonly actor: Actor;
      readonly at: number;
    };
    result: { readonly type: 'set' | 'stale'; readonly version: number };
  };
  /** Who was turned away, gathered: one event each. */
  'record-refusals': {
    input: {
      readonly refusals: readonly {
        readonly account: string;
        readonly object: string;
        readonly door: string;
        readonly count: number;
        readonly since: number;
        /** How often from which address. */
        readonly from: Readonly<Record<string, number>>;
      }[];
      readonly at: number;
    };
    result: null;
  };
  'create-join-token': {
    input: { readonly token: JoinTokenRecord; readonly hash: string; readonly actor: Actor; readonly at: number };
    result: JoinTokenRecord;
  };
  /** From here on no agent enrols with it. Those that did stay. */
  'revoke-join-token': {
    input: { readonly id: string; readonly account: string; readonly actor: Actor; readonly at: number };
    result: { readonly type: 'revoked' | 'not-found' };
  };
}

export type CommandName = keyof Commands;
export type CommandInput<Name extends CommandName> = Commands[Name]['input'];
export type CommandResult<Name extends CommandName> = Commands[Name]['result'];

/** Makes sending a request again harmless: the key is the client's, the digest says whether it is the same request. */
export interface Idempotency {
  readonly key: string;
  readonly requestDigest: string;
}

/** The key was used before: for the same request, or for another. */
export type RepeatedSubmission = { readonly type: 'repeated'; readonly job: JobRecord } | { readonly type: 'conflict' };

export interface NewJob {
  readonly id: string;
  readonly account: string;
  readonly automation: string;
  readonly digest: string | null;
  readonly parameters: JsonObject;
  readonly secretNames: readonly string[];
  /** Encrypted; null when there are none. */
  readonly secrets: Uint8Array | null;
  readonly selector: string;
  readonly priority: number;
  readonly labels: Labels;
  readonly timeoutSeconds: number | null;
  readonly expiresAt: number | null;
  readonly retry: { readonly limit: number; readonly on: readonly Cause[] };
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** The answer to an `open`, as `docs/attempts.md` §3 tables it. */
export type OpenAnswer =
  | { readonly type: 'accepted' }
  | { readonly type: 'withdrawn' }
  | { readonly type: 'unknown' }
  | { readonly type: 'wrong-agent' }
  | { readonly type: 'replaced' }
  | {
      readonly type: 'job';
      readonly attempt: AttemptRecord;
      readonly desired: 'run' | 'cancel';
      /** To be sent if the agent needs it; null when the row says "no document". */
      readonly document: JobDocument | null;
      /** Encrypted; null when the job has none. */
      readonly secrets: Uint8Array | null;
      readonly secretsGone: boolean;
    };
