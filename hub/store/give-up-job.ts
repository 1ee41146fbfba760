import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Actor } from './actor.ts';
import { readAttempt } from './attempt-statements.ts';
import { changeJob, type JobChange } from './change-job.ts';
import { fromStarted } from './job-row.ts';
import type { JobStep } from './job-step.ts';
import { first, type Program } from './program.ts';
import type { AttemptRow, JobRow } from './schema.ts';
import { wipeSecretsWhenOver } from './wipe-secrets.ts';
import { withdrawOffered } from './withdraw-attempt.ts';

/** The newest attempt that got its document. */
export function* readDocumentAttempt(job: JobRow): Program<AttemptRow | null> {
  return job.document_attempt_id === null ? null : yield* first(readAttempt, { id: job.document_attempt_id });
}

/** Whether the command ran in any attempt so far, told by the newest that could have run it. */
function startedSoFar(job: JobRow, attempt: AttemptRow | null): NonNullable<JobRow['started']> {
  if (attempt === null) return 'false';
  if (attempt.started_at !== null) return 'true';
  const result: AttemptResult | null = attempt.result === null ? null : JSON.parse(attempt.result);
  const started = fromStarted(result?.started ?? 'unknown');
  return started === 'false' && job.retries_used > 0 ? 'unknown' : started;
}

/** Ends a job that waits or stands offered, by cancel or expiry: the offer is withdrawn with it. */
export function* giveUpJob(
  job: JobRow,
  end: {
    readonly step: Extract<JobStep, { type: 'end' }>;
    readonly attempt: AttemptRow | null;
    readonly change: JobChange;
    readonly message: string;
    /** Left out: what the job's attempts say. */
    readonly started?: NonNullable<JobRow['started']>;
    readonly actor: Actor;
    readonly at: number;
  },
): Program<JobRow> {
  const { step, attempt, at, actor, message } = end;
  const shown = yield* withdrawOffered(job, at);
  const after = yield* changeJob(
    job,
    {
      ...shown,
      ...end.change,
      state: step.state,
      cause: step.cause,
      message,
      started: end.started ?? startedSoFar(job, attempt),
      started_at: attempt?.started_at ?? null,
      finished_at: at,
      ended_at: at,
    },
    { at, actor, action: `job.${step.state}`, data: { cause: step.cause, number: attempt?.number ?? null } },
  );
  yield* wipeSecretsWhenOver(after, at);
  return after;
}
