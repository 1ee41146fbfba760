import type { AgentAheadRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

export const readStart = statement((db, { id }: { id: string }) =>
  db.selectFrom('starts').select('sequence').where('id', '=', id),
);

export const readStartAfter = statement((db, { sequence }: { sequence: number }) =>
  db.selectFrom('starts').select('commits').where('sequence', '>', sequence).orderBy('sequence').limit(1),
);

export const readAhead = statement((db, { agentId }: { agentId: string }) =>
  db.selectFrom('agents_ahead').select(['start_id', 'commits']).where('agent_id', '=', agentId),
);

/** Without those that are revoked, and those that saw only what was given up. */
export const readAgentsAhead = statement((db) =>
  db
    .selectFrom('agents_ahead')
    .innerJoin('agents', 'agents.id', 'agents_ahead.agent_id')
    .leftJoin('given_up_starts', 'given_up_starts.start_id', 'agents_ahead.start_id')
    .select(['agents.id', 'agents.account', 'agents.name', 'agents_ahead.told_at'])
    .where('agents.revoked_at', 'is', null)
    .where('given_up_starts.start_id', 'is', null)
    .orderBy('agents.name'),
);

export const upsertAhead = statement((db, row: AgentAheadRow) =>
  db
    .insertInto('agents_ahead')
    .values(columnsOf(row, ['agent_id', 'start_id', 'commits', 'told_at']))
    .onConflict((conflict) =>
      conflict.column('agent_id').doUpdateSet(columnsOf(row, ['start_id', 'commits', 'told_at'])),
    ),
);

export const deleteAhead = statement((db, { agentId }: { agentId: string }) =>
  db.deleteFrom('agents_ahead').where('agent_id', '=', agentId),
);

/** What agents know that is not given up. */
export const readLostStarts = statement((db) =>
  db.selectFrom('agents_ahead').select(['agent_id', 'start_id']).orderBy('agent_id'),
);

export const readGivenUp = statement((db, { startId }: { startId: string }) =>
  db.selectFrom('given_up_starts').select('start_id').where('start_id', '=', startId),
);

export const giveUpStart = statement((db, row: { start_id: string; given_up_at: number }) =>
  db
    .insertInto('given_up_starts')
    .values(columnsOf(row, ['start_id', 'given_up_at']))
    .onConflict((conflict) => conflict.column('start_id').doNothing()),
);
