import type { Idempotency, RepeatedSubmission } from './command.ts';
import { toJobRecord } from './job-row.ts';
import { readJob } from './job-statements.ts';
import { need } from './need.ts';
import { first, type Program } from './program.ts';
import { statement } from './statement.ts';

const readKey = statement((db, { account, key }: { account: string; key: string }) =>
  db
    .selectFrom('idempotency')
    .select(['request_digest', 'job_id'])
    .where('account', '=', account)
    .where('key', '=', key),
);

/** What came of the request that used this key before; null when none did. */
export function* findSubmission(
  account: string,
  { key, requestDigest }: Idempotency,
): Program<RepeatedSubmission | null> {
  const known = yield* first(readKey, { account, key });
  if (known === null) return null;
  if (known.request_digest !== requestDigest) return { type: 'conflict' };
  return { type: 'repeated', job: toJobRecord(need(yield* first(readJob, { id: known.job_id }), 'job')) };
}
