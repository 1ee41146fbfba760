import type { JsonObject } from '../../protocol/json.ts';
import type { Actor } from './actor.ts';
import { type changingJobColumns, toJobRecord } from './job-row.ts';
import { updateJob } from './job-statements.ts';
import { assertTransition } from './job-transitions.ts';
import { type Program, run, tell } from './program.ts';
import type { JobRow } from './schema.ts';
import { StoreError } from './store-error.ts';
import { writeAudit } from './write-audit.ts';

export type JobChange = Partial<Pick<JobRow, Exclude<(typeof changingJobColumns)[number], 'version'>>>;

export interface JobEvent {
  readonly at: number;
  readonly actor: Actor;
  /** Such as `job.offered`; null for a change that is not worth an audit event. */
  readonly action: string | null;
  readonly data?: JsonObject;
}

/** The one way in which a job changes: checks the way between the states, counts the version, writes the audit event, tells. */
export function* changeJob(before: JobRow, change: JobChange, event: JobEvent): Program<JobRow> {
  const after: JobRow = { ...before, ...change, version: before.version + 1 };
  if (after.state !== before.state || after.cause !== before.cause) assertTransition(before, after);
  const changed = yield* run(updateJob, { ...after, versionBefore: before.version });
  if (changed !== 1) {
    throw new StoreError(
      'conflict',
      `job ${before.id} was changed by another transaction since version ${before.version}`,
    );
  }
  if (event.action !== null) {
    yield* writeAudit({
      at: event.at,
      account: after.account,
      actor: event.actor,
      action: event.action,
      object: `job:${after.id}`,
      data: { from: before.state, state: after.state, version: after.version, ...event.data },
    });
  }
  yield* tell({ type: 'job', job: toJobRecord(after) });
  return after;
}
