import { attemptColumns, changingAttemptColumns } from './attempt-row.ts';
import type { AttemptRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

export const readAttempt = statement((db, { id }: { id: string }) =>
  db.selectFrom('attempts').select(attemptColumns).where('id', '=', id),
);

export const insertAttempt = statement((db, row: AttemptRow) =>
  db.insertInto('attempts').values(columnsOf(row, attemptColumns)),
);

/** Writes what may change, if nobody changed the attempt since `versionBefore`. */
export const updateAttempt = statement((db, row: AttemptRow & { versionBefore: number }) =>
  db
    .updateTable('attempts')
    .set(columnsOf<AttemptRow, (typeof changingAttemptColumns)[number]>(row, changingAttemptColumns))
    .where('id', '=', row.id)
    .where('version', '=', row.versionBefore),
);

/** Those that got the document and may still come back. */
export const readAttemptsOut = statement((db, { jobId }: { jobId: string }) =>
  db
    .selectFrom('attempts')
    .select(attemptColumns)
    .where('job_id', '=', jobId)
    .where('open', '=', 1)
    .where('document_sent_at', 'is not', null)
    .orderBy('ordinal'),
);

export const readHighestSessionEpoch = statement((db, { agentId }: { agentId: string }) =>
  db
    .selectFrom('attempts')
    .select(({ fn }) => fn.max('session_lease_epoch').as('epoch'))
    .where('agent_id', '=', agentId)
    .where('open', '=', 1),
);

export const readOpenAttempts = statement((db, { agentId }: { agentId: string }) =>
  db.selectFrom('attempts').select(attemptColumns).where('agent_id', '=', agentId).where('open', '=', 1).orderBy('id'),
);

/** Those that were handed over, and to which no runner came yet. */
export const readTicketsOut = statement((db) =>
  db
    .selectFrom('attempts')
    .select(attemptColumns)
    .where('open', '=', 1)
    .where('handover', '=', 'given')
    .where('runner_folder_id', 'is', null)
    .orderBy('id'),
);
