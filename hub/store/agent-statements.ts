import { sql } from 'kysely';
import { agentColumns } from './agent-row.ts';
import type { AgentLeaseRow, AgentReportRow, AgentRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

export const readAgent = statement((db, { id }: { id: string }) =>
  db.selectFrom('agents').select(agentColumns).where('id', '=', id),
);

export const readAgentByName = statement((db, { account, name }: { account: string; name: string }) =>
  db
    .selectFrom('agents')
    .select(agentColumns)
    .where('account', '=', account)
    .where('name', '=', name)
    .where('revoked_at', 'is', null),
);

export const readReportAndLease = statement((db, { id }: { id: string }) =>
  db
    .selectFrom('agents')
    .leftJoin('agent_reports', 'agent_reports.agent_id', 'agents.id')
    .leftJoin('agent_leases', 'agent_leases.agent_id', 'agents.id')
    .select(['report', 'reported_at', 'owner', 'epoch', 'agent_leases.expires_at', 'last_seen_at'])
    .where('agents.id', '=', id),
);

export const insertAgent = statement((db, row: AgentRow) =>
  db.insertInto('agents').values(columnsOf(row, agentColumns)),
);

export const updateAgent = statement((db, row: AgentRow) =>
  db
    .updateTable('agents')
    .set(
      columnsOf(row, [
        'public_key',
        'next_public_key',
        'labels',
        'join_token_id',
        'allowed_labels',
        'given_labels',
        'desired',
        'desired_version',
      ]),
    )
    .where('id', '=', row.id),
);

export const upsertReport = statement((db, row: AgentReportRow) =>
  db
    .insertInto('agent_reports')
    .values(columnsOf(row, ['agent_id', 'report', 'reported_at']))
    .onConflict((conflict) => conflict.column('agent_id').doUpdateSet(columnsOf(row, ['report', 'reported_at']))),
);

export const readLease = statement((db, { agentId }: { agentId: string }) =>
  db.selectFrom('agent_leases').select(['owner', 'epoch', 'expires_at']).where('agent_id', '=', agentId),
);

export const upsertLease = statement((db, row: AgentLeaseRow) =>
  db
    .insertInto('agent_leases')
    .values(columnsOf(row, ['agent_id', 'owner', 'epoch', 'expires_at', 'last_seen_at']))
    .onConflict((conflict) =>
      conflict.column('agent_id').doUpdateSet(columnsOf(row, ['owner', 'epoch', 'expires_at', 'last_seen_at'])),
    ),
);

export const renewLease = statement(
  (db, { agentId, owner, epoch, expiresAt, at }: LeaseHold & { expiresAt: number; at: number }) =>
    db
      .updateTable('agent_leases')
      .set({ expires_at: expiresAt, last_seen_at: at })
      .where('agent_id', '=', agentId)
      .where('owner', '=', owner)
      .where('epoch', '=', epoch),
);

export const releaseLease = statement((db, { agentId, owner, epoch, at }: LeaseHold & { at: number }) =>
  db
    .updateTable('agent_leases')
    .set({ owner: null, expires_at: at, last_seen_at: at })
    .where('agent_id', '=', agentId)
    .where('owner', '=', owner)
    .where('epoch', '=', epoch),
);

interface LeaseHold {
  readonly agentId: string;
  readonly owner: string;
  readonly epoch: number;
}

export const touchLease = statement((db, { agentId, at }: { agentId: string; at: number }) =>
  db.updateTable('agent_leases').set({ last_seen_at: at }).where('agent_id', '=', agentId),
);

export const revokeAgentRow = statement((db, { id, at }: { id: string; at: number }) =>
  db.updateTable('agents').set({ revoked_at: at, next_public_key: null }).where('id', '=', id),
);

/** Whoever holds it; offers that are being made for its epoch are made no more. */
export const endLease = statement((db, { agentId, at }: { agentId: string; at: number }) =>
  db
    .updateTable('agent_leases')
    .set((build) => ({ owner: null, expires_at: at, epoch: build('epoch', '+', 1) }))
    .where('agent_id', '=', agentId),
);

export const deleteAgent = statement((db, { id }: { id: string }) => db.deleteFrom('agents').where('id', '=', id));

export const deleteAgentReport = statement((db, { agentId }: { agentId: string }) =>
  db.deleteFrom('agent_reports').where('agent_id', '=', agentId),
);

export const deleteAgentLease = statement((db, { agentId }: { agentId: string }) =>
  db.deleteFrom('agent_leases').where('agent_id', '=', agentId),
);

export const deleteAgentFacts = statement((db, { agentId }: { agentId: string }) =>
  db.deleteFrom('facts').where('agent_id', '=', agentId),
);

export const deleteAgentFactsHistory = statement((db, { agentId }: { agentId: string }) =>
  db.deleteFrom('facts_history').where('agent_id', '=', agentId),
);

/** Nobody holds their channel; revoked, or last heard of, before `before`; without an open attempt. */
export const readForgottenAgents = statement((db, { before, limit }: { before: number; limit: number }) =>
  db
    .selectFrom('agents')
    .leftJoin('agent_leases', 'agent_leases.agent_id', 'agents.id')
    .select('agents.id')
    .where((build) => build.or([build('owner', 'is', null), build('agent_leases.expires_at', '<', before)]))
    .where('agents.created_at', '<', before)
    .where((build) =>
      build.or([
        build('revoked_at', '<', before),
        build.and([build('revoked_at', 'is', null), build('last_seen_at', '<', before)]),
        build.and([build('revoked_at', 'is', null), build('last_seen_at', 'is', null)]),
      ]),
    )
    .where((build) =>
      build.not(
        build.exists(
          build
            .selectFrom('attempts')
            .select('attempts.id')
            .whereRef('attempts.agent_id', '=', 'agents.id')
            .where('attempts.open', '=', sql.lit(1))
            .where((one) =>
              one.or([one('revoked_at', 'is', null), one('attempts.state', '!=', sql.lit('agent-lost'))]),
            ),
        ),
      ),
    )
    .orderBy('agents.id')
    .limit(limit),
);
