import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { Schema } from './schema.ts';

/** No agent holds an attempt of the job, as far as is known. */
export function hasNoOpenAttempt(build: ExpressionBuilder<Schema, 'jobs'>): Expression<SqlBool> {
  const open = build
    .selectFrom('attempts')
    .select('attempts.id')
    .whereRef('attempts.job_id', '=', 'jobs.id')
    .where('attempts.open', '=', 1);
  return build.not(build.exists(open));
}
