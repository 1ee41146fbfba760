import { attemptColumns } from './attempt-row.ts';
import { hasNoOpenAttempt } from './has-no-open-attempt.ts';
import { jobColumns } from './job-row.ts';
import type { RemovedAttemptRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

/** Where a walk through rows in the order of their ends is. */
export interface EndPlace {
  readonly endedAt: number;
  readonly id: string;
}

/** Ended jobs of the account, oldest first; those of which an attempt may still come back only when they ended before `settledBefore`. */
export const readRemovableJobs = statement(
  (
    db,
    {
      account,
      endedBefore,
      settledBefore,
      limit,
    }: { account: string; endedBefore: number; settledBefore: number; limit: number },
  ) =>
    db
      .selectFrom('jobs')
      .select(jobColumns)
      .where('account', '=', account)
      .where('ended_at', '<', endedBefore)
      .where((build) => build.or([build('ended_at', '<', settledBefore), hasNoOpenAttempt(build)]))
      .orderBy('ended_at')
      .orderBy('id')
      .limit(limit),
);

export const readAttemptsOfJob = statement((db, { jobId }: { jobId: string }) =>
  db.selectFrom('attempts').select(attemptColumns).where('job_id', '=', jobId),
);

export const deleteAttemptsOfJob = statement((db, { jobId }: { jobId: string }) =>
  db.deleteFrom('attempts').where('job_id', '=', jobId),
);

export const deleteJobLabel = statement(
  (db, { account, key, value, jobId }: { account: string; key: string; value: string; jobId: string }) =>
    db
      .deleteFrom('job_labels')
      .where('account', '=', account)
      .where('key', '=', key)
      .where('value', '=', value)
      .where('job_id', '=', jobId),
);

export const deleteKeysOfJob = statement((db, { jobId }: { jobId: string }) =>
  db.deleteFrom('idempotency').where('job_id', '=', jobId),
);

export const deleteJob = statement((db, { id }: { id: string }) => db.deleteFrom('jobs').where('id', '=', id));

/** The account that comes after this one among those that have ended jobs. */
export const readNextAccountWithJobs = statement((db, { after }: { after: string }) =>
  db
    .selectFrom('jobs')
    .select('account')
    .where('account', '>', after)
    .where('ended_at', 'is not', null)
    .orderBy('account')
    .limit(1),
);

/** The end that comes `skip` ends before this place, in the order of ends. */
export const readEarlierEnd = statement(
  (db, { account, endedAt, id, skip }: { account: string; endedAt: number; id: string; skip: number }) =>
    db
      .selectFrom('jobs')
      .select(['ended_at', 'id'])
      .where('account', '=', account)
      .where((build) => build(build.refTuple('ended_at', 'id'), '<', build.tuple(endedAt, id)))
      .where('ended_at', 'is not', null)
      .orderBy('ended_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .offset(skip),
);

export const readLoggedAttempts = statement(
  (db, { endedAt, id, limit }: { endedAt: number; id: string; limit: number }) =>
    db
      .selectFrom('attempts')
      .select(['id', 'ended_at', 'log_bytes'])
      .where((build) => build(build.refTuple('ended_at', 'id'), '>', build.tuple(endedAt, id)))
      .where('log_bytes', 'is not', null)
      .orderBy('ended_at')
      .orderBy('id')
      .limit(limit),
);

export const insertRemovedAttempt = statement((db, row: RemovedAttemptRow) =>
  db.insertInto('removed_attempts').values(columnsOf(row, ['id', 'agent_id', 'answer', 'removed_at'])),
);

export const readRemovedAttempt = statement((db, { id }: { id: string }) =>
  db.selectFrom('removed_attempts').select(['agent_id', 'answer']).where('id', '=', id),
);

export const readForgettableAttempts = statement((db, { before, limit }: { before: number; limit: number }) =>
  db.selectFrom('removed_attempts').select('id').where('removed_at', '<', before).orderBy('removed_at').limit(limit),
);

export const deleteRemovedAttempt = statement((db, { id }: { id: string }) =>
  db.deleteFrom('removed_attempts').where('id', '=', id),
);

export const insertLogRemoval = statement((db, { attemptId }: { attemptId: string }) =>
  db
    .insertInto('log_removals')
    .values({ attempt_id: attemptId })
    .onConflict((conflict) => conflict.column('attempt_id').doNothing()),
);

export const readLogRemovals = statement((db, { after, limit }: { after: string; limit: number }) =>
  db.selectFrom('log_removals').select('attempt_id').where('attempt_id', '>', after).orderBy('attempt_id').limit(limit),
);

export const deleteLogRemoval = statement((db, { attemptId }: { attemptId: string }) =>
  db.deleteFrom('log_removals').where('attempt_id', '=', attemptId),
);

export const readRetention = statement((db) =>
  db.selectFrom('retention').select(['lived_to', 'audit_removed_through']).where('id', '=', 1),
);

export const updateLivedTo = statement((db, { livedTo }: { livedTo: number }) =>
  db.updateTable('retention').set({ lived_to: livedTo }).where('id', '=', 1),
);

export const readNewestAuditTime = statement((db) =>
  db.selectFrom('audit').select('at').where('sequence', '>', 0).orderBy('sequence', 'desc').limit(1),
);

export const readOldestAudit = statement((db, { limit }: { limit: number }) =>
  db.selectFrom('audit').select(['sequence', 'at']).where('sequence', '>', 0).orderBy('sequence').limit(limit),
);

export const deleteAuditThrough = statement((db, { sequence }: { sequence: number }) =>
  db.deleteFrom('audit').where('sequence', '<=', sequence),
);

export const updateAuditRemovedThrough = statement((db, { sequence }: { sequence: number }) =>
  db.updateTable('retention').set({ audit_removed_through: sequence }).where('id', '=', 1),
);
