import { factsColumns, factsHistoryColumns } from './facts-row.ts';
import type { FactsHistoryRow, FactsRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

interface OfProbe {
  readonly agentId: string;
  readonly probe: string;
}

export const readFacts = statement((db, { agentId, probe }: OfProbe) =>
  db.selectFrom('facts').select(factsColumns).where('agent_id', '=', agentId).where('probe', '=', probe),
);

export const readFactsAfter = statement(
  (db, { agentId, after, limit }: { agentId: string; after: string; limit: number }) =>
    db
      .selectFrom('facts')
      .select(factsColumns)
      .where('agent_id', '=', agentId)
      .where('probe', '>', after)
      .orderBy('probe')
      .limit(limit),
);

/** Without the facts themselves. */
export const readProbesOf = statement((db, { agentId }: { agentId: string }) =>
  db.selectFrom('facts').select(['probe', 'recorded_at']).where('agent_id', '=', agentId).orderBy('probe'),
);

/** All but those that say whose facts they are. */
const changingColumns = factsColumns.filter((column) => column !== 'agent_id' && column !== 'probe');

export const upsertFacts = statement((db, row: FactsRow) =>
  db
    .insertInto('facts')
    .values(columnsOf(row, factsColumns))
    .onConflict((conflict) => conflict.columns(['agent_id', 'probe']).doUpdateSet(columnsOf(row, changingColumns))),
);

export const deleteFacts = statement((db, { agentId, probe }: OfProbe) =>
  db.deleteFrom('facts').where('agent_id', '=', agentId).where('probe', '=', probe),
);

export const insertFactsHistory = statement((db, row: FactsHistoryRow) =>
  db.insertInto('facts_history').values(columnsOf(row, factsHistoryColumns)),
);

export const readFactsHistory = statement(
  (db, { agentId, probe, before, limit }: OfProbe & { before: number; limit: number }) =>
    db
      .selectFrom('facts_history')
      .select(factsHistoryColumns)
      .where('agent_id', '=', agentId)
      .where('probe', '=', probe)
      .where('sequence', '<', before)
      .orderBy('sequence', 'desc')
      .limit(limit),
);

/** The newest first, without the facts themselves. */
export const readHistorySizes = statement((db, { agentId, probe }: OfProbe) =>
  db
    .selectFrom('facts_history')
    .select(['sequence', 'bytes'])
    .where('agent_id', '=', agentId)
    .where('probe', '=', probe)
    .orderBy('sequence', 'desc'),
);

/** Up to and with this one. */
export const deleteFactsHistory = statement((db, { agentId, probe, upTo }: OfProbe & { upTo: number }) =>
  db
    .deleteFrom('facts_history')
    .where('agent_id', '=', agentId)
    .where('probe', '=', probe)
    .where('sequence', '<=', upTo),
);
