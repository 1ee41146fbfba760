import type { Quotas } from '../../protocol/account.ts';
import type { JobState } from '../../protocol/job-state.ts';
import type { CommandInput, CommandName, CommandResult, Idempotency, RepeatedSubmission } from './command.ts';
import type { InventoryFilter, InventoryList, InventoryRecord, InventorySum } from './inventory.ts';
import type {
  AccountRecord,
  AgentAhead,
  AgentIdentity,
  AgentRecord,
  AttemptRecord,
  AuditRecord,
  FactsChangeRecord,
  FactsRecord,
  JobRecord,
  JoinTokenRecord,
  ListedJoinToken,
  ListedToken,
  StartRecord,
  TokenRecord,
} from './records.ts';
import type { EndPlace } from './retention-statements.ts';

/** What a commit changed, told to whoever listens, after the commit. A hint: it may come twice, or, from another replica, late. */
export type Change =
  | { readonly type: 'job'; readonly job: JobRecord }
  | { readonly type: 'attempt'; readonly attempt: AttemptRecord }
  | { readonly type: 'agent'; readonly agentId: string }
  | { readonly type: 'quotas'; readonly account: string; readonly quotas: Quotas }
  | { readonly type: 'audit'; readonly sequence: number; readonly account: string; readonly object: string };

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface JobFilter {
  readonly states: readonly JobState[];
  readonly automation: string | null;
  readonly agent: string | null;
  readonly labels: readonly { readonly key: string; readonly value: string }[];
}

/** Each null: whatever it is. `action`: itself, or all that begin with it and a dot. Times are milliseconds since 1970. */
export interface AuditFilter {
  readonly actor: string | null;
  readonly action: string | null;
  readonly object: string | null;
  /** At this time or later. */
  readonly since: number | null;
  /** Before this time. */
  readonly until: number | null;
}

/** Reads. Each sees the last commit. Everything that a user may ask takes the account. */
export interface Queries {
  job(account: string, id: string): Promise<JobRecord | null>;
  /**
   * Newest first. `cursor` is what an earlier page gave; null starts. A page may hold fewer than it could, even none, with a
   * cursor to go on: one call looks at a bounded number of jobs. Throws `StoreError` (`cursor-invalid`).
   */
  jobs(
    account: string,
    filter: JobFilter,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Page<JobRecord>>;
  /** What came of the request that used this idempotency key before; null when none did. */
  submission(account: string, idempotency: Idempotency): Promise<RepeatedSubmission | null>;
  /** Jobs in `queued`, of every account, oldest first, after the given job id. */
  queuedJobs(after: string | null, limit: number): Promise<readonly JobRecord[]>;
  attempt(id: string): Promise<AttemptRecord | null>;
  /** Numbered attempts of a job, oldest first. */
  attempts(account: string, jobId: string): Promise<readonly AttemptRecord[]>;
  /** What the agent must be told of: `offered`, `running`, `agent-lost`. */
  openAttempts(agentId: string): Promise<readonly AttemptRecord[]>;
  /** The same, of all agents, after the given attempt id: what a starting hub loads. */
  allOpenAttempts(after: string | null, limit: number): Promise<readonly AttemptRecord[]>;
  agent(id: string): Promise<AgentRecord | null>;
  /** For each connection of an agent: without what it reported, which may be large. */
  agentIdentity(id: string): Promise<AgentIdentity | null>;
  agentByName(account: string, name: string): Promise<AgentRecord | null>;
  /** By name, without those that were revoked. */
  agents(account: string, page: { readonly limit: number; readonly cursor: string | null }): Promise<Page<AgentRecord>>;
  /** Those that were, the earliest enrolled first. */
  revokedAgents(
    account: string,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Page<AgentRecord>>;
  allAgents(): Promise<readonly AgentRecord[]>;
  factsOf(agentId: string, probe: string): Promise<FactsRecord | null>;
  /** By the name of the probe. */
  allFactsOf(
    agentId: string,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Page<FactsRecord>>;
  /** The newest first. */
  factsHistory(
    agentId: string,
    probe: string,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Page<FactsChangeRecord>>;
  /**
   * Nodes or apps that agents of the account tell of, by name. A page may hold fewer than it could, even none, with a cursor to go on: one call looks
   * at a bounded number of rows.
   */
  inventory(
    account: string,
    list: InventoryList,
    find: {
      readonly filter: InventoryFilter;
      readonly limit: number;
      readonly cursor: string | null;
    },
  ): Promise<Page<InventoryRecord>>;
  inventoryItem(account: string, list: InventoryList, id: string): Promise<InventoryRecord | null>;
  /** What the agent told of, after the given id of its own, with the hash and the shape that came with it. */
  heldInventory(
    agentId: string,
    list: InventoryList,
    page: { readonly after: string; readonly limit: number },
  ): Promise<readonly { readonly resourceId: string; readonly hash: string; readonly shape: string }[]>;
  /** The agent told of something. */
  hasInventory(agentId: string): Promise<boolean>;
  /** How much there is, of agents that are not revoked. */
  inventorySums(): Promise<readonly InventorySum[]>;
  /** Not those that were revoked. Whether it has expired is for the caller's clock to say. */
  tokenByHash(hash: string): Promise<TokenRecord | null>;
  /** Whose hash this is or was, whether it stands or not. Null: no such token was made, or it is forgotten. */
  anyToken(hash: string): Promise<{ readonly id: string; readonly account: string } | null>;
  /** The oldest first, expired ones too, without those that were revoked. */
  tokens(account: string, page: { readonly limit: number; readonly cursor: string | null }): Promise<Page<ListedToken>>;
  /** Those that were. */
  revokedTokens(
    account: string,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Page<ListedToken>>;
  /** The same of join tokens, used up ones too. */
  joinTokens(
    account: string,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Page<ListedJoinToken>>;
  /** Used up and expired ones too: `enrol-agent` judges. */
  joinTokenByHash(hash: string): Promise<JoinTokenRecord | null>;
  /**
   * The newest first, before this one. `end` is where to go on, null when there is nothing before. A page may hold fewer than it could, even none, and
   * have an `end`: one call looks at a bounded number of events.
   */
  audit(
    account: string,
    filter: AuditFilter,
    page: { readonly limit: number; readonly before: number | null },
  ): Promise<{ readonly items: readonly AuditRecord[]; readonly end: number | null }>;
  auditAfter(account: string, sequence: number, limit: number): Promise<readonly AuditRecord[]>;
  /** The same, of one object: `job:<id>`, `agent:<id>`, `token:<id>` or `join-token:<id>`. Events of attempts are those of their job. */
  auditOf(account: string, object: string, sequence: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Events of the audit up to this one were removed; 0 when none were. */
  auditRemovedThrough(): Promise<number>;
  /** Of one that nobody named yet, too: it has nothing. */
  account(name: string): Promise<AccountRecord>;
  /** By name: those that have a token, an agent, a job or quotas of their own. */
  accounts(page: { readonly limit: number; readonly cursor: string | null }): Promise<Page<AccountRecord>>;
  /** Those that were set, by the name of the account, after this one. */
  quotasAfter(after: string, limit: number): Promise<readonly { readonly account: string; readonly quotas: Quotas }[]>;
  /** The account that comes after this one among those that have ended jobs; null when none does. */
  nextAccountWithJobs(after: string): Promise<string | null>;
  /** The end that comes `skip` ends before this one, of the account; null when there are not so many. */
  earlierEnd(account: string, from: EndPlace | null, skip: number): Promise<EndPlace | null>;
  /** Logs of ended attempts that are there, in the order of ends, a bounded number from this place on. */
  loggedAttempts(after: EndPlace | null, limit: number): Promise<readonly (EndPlace & { readonly bytes: number })[]>;
  /** Attempts whose logs were removed while their files may still be there. */
  logRemovals(after: string, limit: number): Promise<readonly string[]>;
  /** A start of a hub on this store. Null: it has had none of this id, so whoever saw that one saw another past. */
  start(id: string): Promise<StartRecord | null>;
  /** Agents that are not revoked and said last that they saw this store further than it is, unless what they saw was given up. By name. */
  agentsAhead(): Promise<readonly AgentAhead[]>;
  /** Nobody made a token, enrolled an agent or submitted a job yet. */
  isEmpty(): Promise<boolean>;
}

export interface StoreUsage {
  readonly bytes: number;
  readonly freeBytes: number;
}

/**
 * Where the hub keeps everything but log bytes. Commands change it, queries read it; nobody holds a transaction. Owned by
 * whoever opened it; disposing waits for what is in flight.
 */
export interface Store extends AsyncDisposable {
  /** Random, made with the store, changed by a restore. */
  readonly storeId: string;
  /** Random, made when it was opened, and kept in it with the count of commits at that moment. */
  readonly startId: string;
  /** Count of commits so far: never lower than what was told before, unless the store was restored. */
  commits(): number;
  /** False once it was disposed, or its disk failed so that it takes no commands until it is opened again. */
  isOpen(): boolean;
  /** Commands that wait for the next commit. */
  commandsWaiting(): number;
  /** Resolves after the commit. Rejects with `StoreError` (`full`, `closed`, `broken`), and then nothing was changed. */
  apply<Name extends CommandName>(name: Name, input: CommandInput<Name>): Promise<CommandResult<Name>>;
  readonly queries: Queries;
  /** Disk that the store takes, and how much of that is free inside of it. */
  usage(): StoreUsage;
  /** Gives about so many free bytes back to the disk. Blocks as a commit does, so ask for little at a time. */
  reclaim(bytes: number): void;
  /** Listens to commits of this and, where there are several, other hubs. */
  subscribe(listener: (changes: readonly Change[]) => void): Disposable;
}
