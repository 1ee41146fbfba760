import { type Kysely, sql } from 'kysely';
import type { JobState } from '../../protocol/job-state.ts';
import { readQuotasAfter } from './account-statements.ts';
import { agentColumns, toAgentRecord } from './agent-row.ts';
import { readAgentByName } from './agent-statements.ts';
import { attemptColumns, toAttemptRecord } from './attempt-row.ts';
import { readAttempt, readOpenAttempts } from './attempt-statements.ts';
import { auditColumns, toAuditRecord } from './audit-row.ts';
import { fromCursor, toCursor } from './cursor.ts';
import { toFactsChangeRecord, toFactsRecord } from './facts-row.ts';
import { readFacts, readFactsAfter, readFactsHistory } from './facts-statements.ts';
import { findAudit } from './find-audit.ts';
import { findInventory } from './find-inventory.ts';
import { findJobs } from './find-jobs.ts';
import { findSubmission } from './find-submission.ts';
import { toInventoryRecord } from './inventory-row.ts';
import { readHeldInventory, readInventoryItem, readInventorySums, readOneSum } from './inventory-statements.ts';
import { jobColumns, toJobRecord } from './job-row.ts';
import { readJob, readJobOfAccount } from './job-statements.ts';
import { toJoinTokenRecord } from './join-token-row.ts';
import { listAccounts } from './list-accounts.ts';
import { need } from './need.ts';
import { all, first, type Program } from './program.ts';
import { toQuotas } from './quotas-row.ts';
import { readAccount } from './read-account.ts';
import { readAgentRecord } from './read-agent-record.ts';
import type { JobRecord } from './records.ts';
import {
  readEarlierEnd,
  readLoggedAttempts,
  readLogRemovals,
  readNextAccountWithJobs,
  readRetention,
} from './retention-statements.ts';
import type { JoinTokenRow, Schema } from './schema.ts';
import { readAgentsAhead, readStart, readStartAfter } from './start-statements.ts';
import { statement } from './statement.ts';
import type { Page, Queries } from './store.ts';
import { toListedToken, toTokenRecord } from './token-row.ts';
import {
  readJoinTokenByHash,
  readJoinTokensAfter,
  readRevokedTokensAfter,
  readTokenByHash,
  readTokenOfHash,
  readTokensAfter,
} from './token-statements.ts';

/** The queries of the port as programs, so that every adapter answers them alike. */
export type QueryPrograms = {
  readonly [Name in keyof Queries]: (
    ...input: Parameters<Queries[Name]>
  ) => Program<Awaited<ReturnType<Queries[Name]>>>;
};

const readQueuedJobs = statement((db, { after, limit }: { after: string; limit: number }) =>
  db
    .selectFrom('jobs')
    .select(jobColumns)
    .where('state', '=', sql.lit<JobState>('queued'))
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit),
);

const readNumberedAttempts = statement((db, { account, jobId }: { account: string; jobId: string }) =>
  db
    .selectFrom('attempts')
    .select(attemptColumns)
    .where('job_id', '=', jobId)
    .where('account', '=', account)
    .where('number', '>', 0)
    .orderBy('number'),
);

const readAllOpenAttempts = statement((db, { after, limit }: { after: string; limit: number }) =>
  db
    .selectFrom('attempts')
    .select(attemptColumns)
    .where('open', '=', 1)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit),
);

/** With what they reported, and who holds their channel. */
function selectWholeAgents(db: Kysely<Schema>) {
  return db
    .selectFrom('agents')
    .leftJoin('agent_reports', 'agent_reports.agent_id', 'agents.id')
    .leftJoin('agent_leases', 'agent_leases.agent_id', 'agents.id')
    .select(agentColumns)
    .select(['report', 'reported_at', 'owner', 'epoch', 'agent_leases.expires_at', 'last_seen_at']);
}

const readWholeAgent = statement((db, { id }: { id: string }) => selectWholeAgents(db).where('agents.id', '=', id));

const readAgentIdentity = statement((db, { id }: { id: string }) =>
  db
    .selectFrom('agents')
    .select(['id', 'account', 'name', 'public_key', 'next_public_key', 'revoked_at'])
    .where('id', '=', id),
);

const readAgentsAfterName = statement(
  (db, { account, after, limit }: { account: string; after: string; limit: number }) =>
    selectWholeAgents(db)
      .where('account', '=', account)
      .where('revoked_at', 'is', null)
      .where('name', '>', after)
      .orderBy('name')
      .limit(limit),
);

const readRevokedAgentsAfter = statement(
  (db, { account, after, limit }: { account: string; after: string; limit: number }) =>
    selectWholeAgents(db)
      .where('account', '=', account)
      .where('revoked_at', 'is not', null)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit),
);

const readAllAgents = statement((db) => selectWholeAgents(db).where('revoked_at', 'is', null));

const readAudit = statement((db, { account, after, limit }: { account: string; after: number; limit: number }) =>
  db
    .selectFrom('audit')
    .select(auditColumns)
    .where('account', '=', account)
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit),
);

const readAuditOf = statement(
  (db, { account, object, after, limit }: { account: string; object: string; after: number; limit: number }) =>
    db
      .selectFrom('audit')
      .select(auditColumns)
      .where('object', '=', object)
      .where('account', '=', account)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(limit),
);

const readAnything = statement((db) =>
  db
    .selectFrom('tokens')
    .select('id')
    .unionAll(db.selectFrom('agents').select('id'))
    .unionAll(db.selectFrom('jobs').select('id'))
    .limit(1),
);

function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  cursorOf: (row: Row) => string,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

export const queryPrograms: QueryPrograms = {
  *job(account, id) {
    const row = yield* first(readJobOfAccount, { account, id });
    return row === null ? null : toJobRecord(row);
  },
  *jobs(account, filter, { limit, cursor }) {
    const before = cursor === null ? null : fromCursor('jobs', cursor);
    const { ids, end } = yield* findJobs(account, filter, { limit, before });
    const items: JobRecord[] = [];
    for (const id of ids) items.push(toJobRecord(need(yield* first(readJob, { id }), 'job')));
    return { items, nextCursor: end === null ? null : toCursor('jobs', end) };
  },
  submission: findSubmission,
  *queuedJobs(after, limit) {
    return (yield* all(readQueuedJobs, { after: after ?? '', limit })).map(toJobRecord);
  },
  *attempt(id) {
    const row = yield* first(readAttempt, { id });
    return row === null ? null : toAttemptRecord(row);
  },
  *attempts(account, jobId) {
    return (yield* all(readNumberedAttempts, { account, jobId })).map(toAttemptRecord);
  },
  *openAttempts(agentId) {
    return (yield* all(readOpenAttempts, { agentId })).map(toAttemptRecord);
  },
  *allOpenAttempts(after, limit) {
    return (yield* all(readAllOpenAttempts, { after: after ?? '', limit })).map(toAttemptRecord);
  },
  *agent(id) {
    const row = yield* first(readWholeAgent, { id });
    return row === null ? null : toAgentRecord(row);
  },
  *agentIdentity(asked) {
    const row = yield* first(readAgentIdentity, { id: asked });
    if (row === null) return null;
    // Not the id that was asked for: that is mostly a piece of a longer text, which it would keep in memory.
    const { id, public_key: publicKey, next_public_key: nextPublicKey, revoked_at: revokedAt, account, name } = row;
    return { id, account, name, publicKey, nextPublicKey, revokedAt };
  },
  *agentByName(account, name) {
    const row = yield* first(readAgentByName, { account, name });
    return row === null ? null : yield* readAgentRecord(row);
  },
  *agents(account, { limit, cursor }) {
    const after = cursor === null ? '' : fromCursor('agents', cursor);
    const rows = yield* all(readAgentsAfterName, { account, after, limit: limit + 1 });
    return toPage(rows, limit, toAgentRecord, ({ name }) => toCursor('agents', name));
  },
  *revokedAgents(account, { limit, cursor }) {
    const after = cursor === null ? '' : fromCursor('revoked agents', cursor);
    const rows = yield* all(readRevokedAgentsAfter, { account, after, limit: limit + 1 });
    return toPage(rows, limit, toAgentRecord, ({ id }) => toCursor('revoked agents', id));
  },
  *allAgents() {
    return (yield* all(readAllAgents, {})).map(toAgentRecord);
  },
  *factsOf(agentId, probe) {
    const row = yield* first(readFacts, { agentId, probe });
    return row === null ? null : toFactsRecord(row);
  },
  *allFactsOf(agentId, { limit, cursor }) {
    const after = cursor === null ? '' : fromCursor('facts', cursor);
    const rows = yield* all(readFactsAfter, { agentId, after, limit: limit + 1 });
    return toPage(rows, limit, toFactsRecord, ({ probe }) => toCursor('facts', probe));
  },
  *factsHistory(agentId, probe, { limit, cursor }) {
    const before = cursor === null ? Number.MAX_SAFE_INTEGER : Number.parseInt(fromCursor('facts history', cursor), 10);
    const rows = yield* all(readFactsHistory, { agentId, probe, before, limit: limit + 1 });
    return toPage(rows, limit, toFactsChangeRecord, ({ sequence }) => toCursor('facts history', String(sequence)));
  },
  inventory: findInventory,
  *inventoryItem(account, list, id) {
    const row = yield* first(readInventoryItem, { account, list, id });
    return row === null ? null : toInventoryRecord(row);
  },
  *heldInventory(agentId, list, page) {
    const rows = yield* all(readHeldInventory, { agentId, list, ...page });
    return rows.map(({ resource_id: resourceId, hash, shape }) => ({ resourceId, hash, shape }));
  },
  *hasInventory(agentId) {
    return (yield* first(readOneSum, { agentId })) !== null;
  },
  *inventorySums() {
    const rows = yield* all(readInventorySums, {});
    return rows.map(({ agent_id: agentId, cluster, list, items }) => ({ agentId, cluster, list, rows: items }));
  },
  *tokenByHash(hash) {
    const row = yield* first(readTokenByHash, { hash });
    return row === null ? null : toTokenRecord(row);
  },
  *anyToken(hash) {
    const row = yield* first(readTokenOfHash, { hash });
    return row === null ? null : { id: row.id, account: row.account };
  },
  *tokens(account, { limit, cursor }) {
    const after = cursor === null ? '' : fromCursor('tokens', cursor);
    const rows = yield* all(readTokensAfter, { account, after, limit: limit + 1 });
    return toPage(rows, limit, toListedToken, ({ id }) => toCursor('tokens', id));
  },
  *revokedTokens(account, { limit, cursor }) {
    const after = cursor === null ? '' : fromCursor('revoked tokens', cursor);
    const rows = yield* all(readRevokedTokensAfter, { account, after, limit: limit + 1 });
    return toPage(rows, limit, toListedToken, ({ id }) => toCursor('revoked tokens', id));
  },
  *joinTokens(account, { limit, cursor }) {
    const after = cursor === null ? '' : fromCursor('join-tokens', cursor);
    const rows = yield* all(readJoinTokensAfter, { account, after, limit: limit + 1 });
    const toListed = (row: JoinTokenRow) => ({ ...toJoinTokenRecord(row), createdAt: row.created_at });
    return toPage(rows, limit, toListed, ({ id }) => toCursor('join-tokens', id));
  },
  *joinTokenByHash(hash) {
    const row = yield* first(readJoinTokenByHash, { hash });
    return row === null ? null : toJoinTokenRecord(row);
  },
  audit: findAudit,
  *auditAfter(account, sequence, limit) {
    return (yield* all(readAudit, { account, after: sequence, limit })).map(toAuditRecord);
  },
  *auditOf(account, object, sequence, limit) {
    return (yield* all(readAuditOf, { account, object, after: sequence, limit })).map(toAuditRecord);
  },
  *auditRemovedThrough() {
    return (yield* first(readRetention, {}))?.audit_removed_through ?? 0;
  },
  account: readAccount,
  accounts: listAccounts,
  *quotasAfter(after, limit) {
    const rows = yield* all(readQuotasAfter, { after, limit });
    return rows.map((row) => ({ account: row.account, quotas: toQuotas(row) }));
  },
  *nextAccountWithJobs(after) {
    return (yield* first(readNextAccountWithJobs, { after }))?.account ?? null;
  },
  *earlierEnd(account, from, skip) {
    const place = from ?? { endedAt: Number.MAX_SAFE_INTEGER, id: '' };
    const row = yield* first(readEarlierEnd, { account, ...place, skip });
    return row === null ? null : { endedAt: need(row.ended_at, 'end'), id: row.id };
  },
  *loggedAttempts(after, limit) {
    const rows = yield* all(readLoggedAttempts, { ...(after ?? { endedAt: Number.MIN_SAFE_INTEGER, id: '' }), limit });
    return rows.map((row) => ({ endedAt: need(row.ended_at, 'end'), id: row.id, bytes: row.log_bytes ?? 0 }));
  },
  *logRemovals(after, limit) {
    return (yield* all(readLogRemovals, { after, limit })).map((row) => row.attempt_id);
  },
  *start(id) {
    const row = yield* first(readStart, { id });
    if (row === null) return null;
    return { overAt: (yield* first(readStartAfter, { sequence: row.sequence }))?.commits ?? null };
  },
  *agentsAhead() {
    const rows = yield* all(readAgentsAhead, {});
    return rows.map(({ id, account, name, told_at: toldAt }) => ({ id, account, name, toldAt }));
  },
  *isEmpty() {
    return (yield* first(readAnything, {})) === null;
  },
};
