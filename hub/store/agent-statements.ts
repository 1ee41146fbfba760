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
