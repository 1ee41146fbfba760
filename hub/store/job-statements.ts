import { sql } from 'kysely';
import type { JobState } from '../../protocol/job-state.ts';
import { hasNoOpenAttempt } from './has-no-open-attempt.ts';
import { changingJobColumns, jobColumns } from './job-row.ts';
import type { JobLabelRow, JobRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

export const readJob = statement((db, { id }: { id: string }) =>
  db.selectFrom('jobs').select(jobColumns).where('id', '=', id),
);

export const readJobOfAccount = statement((db, { id, account }: { id: string; account: string }) =>
  db.selectFrom('jobs').select(jobColumns).where('id', '=', id).where('account', '=', account),
);

export const insertJob = statement((db, row: JobRow & { secrets: Uint8Array | null }) =>
  db.insertInto('jobs').values(columnsOf(row, [...jobColumns, 'secrets'])),
);

export const insertJobLabel = statement((db, row: JobLabelRow) =>
  db.insertInto('job_labels').values(columnsOf(row, ['account', 'key', 'value', 'job_id'])),
);

/** Writes what may change, if nobody changed the job since `versionBefore`. */
export const updateJob = statement((db, row: JobRow & { versionBefore: number }) =>
  db
    .updateTable('jobs')
    .set(columnsOf<JobRow, (typeof changingJobColumns)[number]>(row, changingJobColumns))
    .where('id', '=', row.id)
    .where('version', '=', row.versionBefore),
);

export const readSecrets = statement((db, { id }: { id: string }) =>
  db.selectFrom('jobs').select('secrets').where('id', '=', id),
);

/** Only while no attempt that got the document is still to come back. */
export const wipeSecretsOfSettled = statement((db, { id, at }: { id: string; at: number }) =>
  db
    .updateTable('jobs')
    .set({ secrets: null, secrets_wiped_at: at })
    .where('id', '=', id)
    .where('secrets_wiped_at', 'is', null)
    .where((build) => hasNoOpenAttempt(build)),
);

export const wipeSecrets = statement((db, { id, at }: { id: string; at: number }) =>
  db.updateTable('jobs').set({ secrets: null, secrets_wiped_at: at }).where('id', '=', id),
);

export const readExpiredJobs = statement((db, { at, limit }: { at: number; limit: number }) =>
  db
    .selectFrom('jobs')
    .select(jobColumns)
    .where('state', '=', sql.lit<JobState>('queued'))
    .where('expires_at', '<=', at)
    .orderBy('expires_at')
    .limit(limit),
);

export const readUnwipedJobs = statement((db, { before, limit }: { before: number; limit: number }) =>
  db
    .selectFrom('jobs')
    .select(['id', 'account'])
    .where('secrets_wiped_at', 'is', null)
    .where('ended_at', '<', before)
    .orderBy('ended_at')
    .limit(limit),
);
