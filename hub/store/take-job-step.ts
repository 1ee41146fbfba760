import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { Actor } from './actor.ts';
import { fromAgentTime } from './agent-time.ts';
import { changeJob, type JobChange } from './change-job.ts';
import { fromStarted } from './job-row.ts';
import type { EndingAttempt, JobFacts, JobStep } from './job-step.ts';
import type { Program } from './program.ts';
import type { AttemptRow, JobRow } from './schema.ts';
import { wipeSecretsWhenOver } from './wipe-secrets.ts';
import { shownAttempt, withdrawOffered } from './withdraw-attempt.ts';
import { writeAudit } from './write-audit.ts';

export function toJobFacts(job: JobRow): JobFacts {
  return {
    state: job.state,
    cause: job.cause,
    retry: { limit: job.retry_limit, on: JSON.parse(job.retry_on) },
    retriesUsed: job.retries_used,
    cancelRequested: job.cancel_requested_at !== null,
    neverStarted: job.never_started,
  };
}

/** As it was before the end that is being told. */
export function toEndingAttempt(job: JobRow, attempt: AttemptRow): EndingAttempt {
  return { late: attempt.state === 'agent-lost', newerGotDocument: job.document_ordinal > attempt.ordinal };
}

/** The end of one attempt, as it is told to its job. */
export interface AttemptEnd {
  /** As it is after its end. */
  readonly attempt: AttemptRow;
  readonly ending: EndingAttempt;
  readonly at: number;
  readonly actor: Actor;
  readonly message: string;
  readonly retrySafe: boolean;
  readonly result: AttemptResult | null;
}

const nothingKnown: JobChange = {
  cause: null,
  message: null,
  started: null,
  retry_safe: null,
  exit_code: null,
  signal: null,
  outputs: null,
  log: null,
  started_at: null,
  finished_at: null,
  ended_at: null,
};

function describeResult(job: JobRow, { result, attempt, at }: AttemptEnd): JobChange {
  if (result === null) {
    const started = attempt.started_at === null ? 'unknown' : 'true';
    return { started, started_at: attempt.started_at, finished_at: at };
  }
  const bounds = { from: job.created_at, to: at };
  return {
    started: fromStarted(result.started),
    exit_code: result.exitCode,
    signal: result.signal,
    outputs: result.outputs === null ? null : JSON.stringify(result.outputs),
    log: attempt.log,
    started_at: fromAgentTime(result.startedAt, bounds) ?? attempt.started_at,
    finished_at: fromAgentTime(result.endedAt, bounds) ?? at,
  };
}

/** Does to the job what a rule decided about the end of an attempt: changes it, withdraws what is left, wipes secrets, writes audit. */
export function* takeJobStep(job: JobRow, step: JobStep, end: AttemptEnd): Program<JobRow> {
  const { attempt, at, actor, ending, message } = end;
  const data: JsonObject = {
    attempt: attempt.id,
    number: attempt.number,
    agent: attempt.agent_name,
    attemptState: attempt.state,
    outcome: end.result?.outcome ?? null,
  };
  let after = job;
  switch (step.type) {
    case 'none':
      yield* writeAudit({
        at,
        account: job.account,
        actor,
        action: attempt.state === 'ended' ? 'attempt.ended' : 'attempt.lost',
        object: `job:${job.id}`,
        data: { ...data, cause: end.result?.cause ?? attempt.state },
      });
      break;
    case 'queue':
      after = yield* changeJob(
        job,
        {
          ...nothingKnown,
          state: 'queued',
          ...(step.counts === 'retry'
            ? { retries_used: job.retries_used + 1 }
            : { never_started: job.never_started + 1 }),
        },
        { at, actor, action: 'job.queued', data: { ...data, why: step.counts, message } },
      );
      break;
    case 'end': {
      if (job.attempt_id !== attempt.id) yield* withdrawOffered(job, at);
      after = yield* changeJob(
        job,
        {
          ...nothingKnown,
          ...describeResult(job, end),
          ...shownAttempt(attempt),
          ended_at: at,
          state: step.state,
          cause: step.cause,
          message,
          retry_safe: end.retrySafe ? 1 : 0,
        },
        {
          at,
          actor,
          action: ending.late ? 'job.corrected' : `job.${step.state}`,
          data: { ...data, cause: step.cause },
        },
      );
      break;
    }
  }
  yield* wipeSecretsWhenOver(after, at);
  return after;
}
