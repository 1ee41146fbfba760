import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndingAttempt, JobFacts, JobStep } from '../../../hub/store/job-step.ts';
import { applyResult } from '../../../hub/store/result-rule.ts';
import { maxNeverStarted } from '../../../hub/store/retry-rule.ts';
import type { Outcome } from '../../../protocol/attempt-result.ts';
import type { Cause } from '../../../protocol/cause.ts';

const running: JobFacts = {
  state: 'running',
  cause: null,
  retry: { limit: 0, on: [] },
  retriesUsed: 0,
  cancelRequested: false,
  neverStarted: 0,
};
const lost: JobFacts = { ...running, state: 'lost', cause: 'agent-lost' };
const queued: JobFacts = { ...running, state: 'queued' };
const offered: JobFacts = { ...running, state: 'offered' };
const retried = { retry: { limit: 1, on: ['exit-code', 'timeout', 'process-lost', 'start-failed'] } } as const;

const causes: Readonly<Record<Outcome, Cause>> = {
  succeeded: 'exit-code',
  failed: 'exit-code',
  cancelled: 'cancelled',
  'timed-out': 'timeout',
  lost: 'process-lost',
  'never-started': 'start-failed',
};

interface Row {
  readonly title: string;
  readonly job: JobFacts;
  readonly attempt?: Partial<EndingAttempt & { readonly folderLost: boolean }>;
  readonly outcome: Outcome;
  readonly cause?: Cause;
  readonly retrySafe?: boolean;
  readonly step: JobStep;
}

const none: JobStep = { type: 'none' };
const retry: JobStep = { type: 'queue', counts: 'retry' };
const end = (state: Extract<JobStep, { type: 'end' }>['state'], cause: Cause): JobStep => ({
  type: 'end',
  state,
  cause,
});
const late = { late: true };
const cancel = { cancelRequested: true };

const rows: readonly Row[] = [
  { title: 'success ends it', job: running, outcome: 'succeeded', step: end('succeeded', 'exit-code') },
  { title: 'failure ends it', job: running, outcome: 'failed', step: end('failed', 'exit-code') },
  { title: 'time-out ends it', job: running, outcome: 'timed-out', step: end('timed-out', 'timeout') },
  {
    title: 'a cancel that was asked for ends it',
    job: { ...running, ...cancel },
    outcome: 'cancelled',
    step: end('cancelled', 'cancelled'),
  },
  {
    title: 'an agent that leaves and takes its jobs along cancels it',
    job: running,
    outcome: 'cancelled',
    step: end('cancelled', 'cancelled'),
  },
  { title: 'no exit record: lost, for good', job: running, outcome: 'lost', step: end('lost', 'process-lost') },
  {
    title: 'a refusal before the start is final',
    job: running,
    outcome: 'failed',
    cause: 'parameters-invalid',
    step: end('failed', 'parameters-invalid'),
  },

  {
    title: 'failure of a safe job is tried again',
    job: { ...running, ...retried },
    outcome: 'failed',
    retrySafe: true,
    step: retry,
  },
  {
    title: 'time-out of a safe job is tried again',
    job: { ...running, ...retried },
    outcome: 'timed-out',
    retrySafe: true,
    step: retry,
  },
  {
    title: 'process-lost of a safe job is tried again',
    job: { ...running, ...retried },
    outcome: 'lost',
    retrySafe: true,
    step: retry,
  },
  {
    title: 'failure of a job that is not safe is final',
    job: { ...running, ...retried },
    outcome: 'failed',
    step: end('failed', 'exit-code'),
  },
  {
    title: 'failure after a cancel was asked for is final',
    job: { ...running, ...retried, ...cancel },
    outcome: 'failed',
    retrySafe: true,
    step: end('failed', 'exit-code'),
  },
  {
    title: 'failure with the limit used up is final',
    job: { ...running, ...retried, retriesUsed: 1 },
    outcome: 'failed',
    retrySafe: true,
    step: end('failed', 'exit-code'),
  },
  {
    title: 'success is never tried again',
    job: { ...running, ...retried },
    outcome: 'succeeded',
    retrySafe: true,
    step: end('succeeded', 'exit-code'),
  },

  {
    title: 'never started goes back, and does not count as a retry',
    job: running,
    outcome: 'never-started',
    step: { type: 'queue', counts: 'never-started' },
  },
  {
    title: 'never started goes back a tenth time',
    job: { ...running, neverStarted: maxNeverStarted - 1 },
    outcome: 'never-started',
    step: { type: 'queue', counts: 'never-started' },
  },
  {
    title: 'never started an eleventh time fails, with the cause',
    job: { ...running, neverStarted: maxNeverStarted },
    outcome: 'never-started',
    step: end('failed', 'start-failed'),
  },
  {
    title: 'never started after a cancel was asked for is cancelled',
    job: { ...running, ...cancel },
    outcome: 'never-started',
    step: end('cancelled', 'cancelled'),
  },

  {
    title: 'late success corrects',
    job: lost,
    attempt: late,
    outcome: 'succeeded',
    step: end('succeeded', 'exit-code'),
  },
  { title: 'late failure corrects', job: lost, attempt: late, outcome: 'failed', step: end('failed', 'exit-code') },
  {
    title: 'late failure of a safe job corrects, and is not tried again',
    job: { ...lost, ...retried },
    attempt: late,
    outcome: 'failed',
    retrySafe: true,
    step: end('failed', 'exit-code'),
  },
  {
    title: 'late time-out corrects',
    job: lost,
    attempt: late,
    outcome: 'timed-out',
    step: end('timed-out', 'timeout'),
  },
  {
    title: 'late cancel that was asked for corrects',
    job: { ...lost, ...cancel },
    attempt: late,
    outcome: 'cancelled',
    step: end('cancelled', 'cancelled'),
  },
  {
    title: 'late cancel that nobody asked for leaves it lost, for good',
    job: lost,
    attempt: late,
    outcome: 'cancelled',
    step: end('lost', 'cancelled'),
  },
  {
    title: 'late process-lost leaves it lost, for good',
    job: lost,
    attempt: late,
    outcome: 'lost',
    step: end('lost', 'process-lost'),
  },
  {
    title: 'late never-started leaves it lost, for good',
    job: lost,
    attempt: late,
    outcome: 'never-started',
    step: end('lost', 'start-failed'),
  },
  {
    title: 'late never-started leaves it lost also when a cancel was asked for',
    job: { ...lost, ...cancel },
    attempt: late,
    outcome: 'never-started',
    step: end('lost', 'start-failed'),
  },
  {
    title: 'a result never says agent-lost: it would look correctable',
    job: running,
    outcome: 'lost',
    cause: 'agent-lost',
    step: end('lost', 'process-lost'),
  },

  {
    title: 'late success ends a job that was queued again',
    job: queued,
    attempt: late,
    outcome: 'succeeded',
    step: end('succeeded', 'exit-code'),
  },
  {
    title: 'late success ends a job that is offered again',
    job: offered,
    attempt: late,
    outcome: 'succeeded',
    step: end('succeeded', 'exit-code'),
  },
  {
    title: 'late failure ends a job that was queued again',
    job: queued,
    attempt: late,
    outcome: 'failed',
    step: end('failed', 'exit-code'),
  },
  { title: 'late process-lost lets a queued job go on', job: queued, attempt: late, outcome: 'lost', step: none },
  {
    title: 'late never-started lets a queued job go on',
    job: queued,
    attempt: late,
    outcome: 'never-started',
    step: none,
  },
  {
    title: 'late never-started lets an offered job go on',
    job: offered,
    attempt: late,
    outcome: 'never-started',
    step: none,
  },
  {
    title: 'late unasked cancel lets a queued job go on',
    job: queued,
    attempt: late,
    outcome: 'cancelled',
    step: none,
  },
  {
    title: 'late unasked cancel lets an offered job go on',
    job: offered,
    attempt: late,
    outcome: 'cancelled',
    step: none,
  },

  {
    title: 'beside a newer attempt that got its document, a result is only kept',
    job: running,
    attempt: { late: true, newerGotDocument: true },
    outcome: 'succeeded',
    step: none,
  },
  {
    title: 'also when the newer one is lost itself',
    job: lost,
    attempt: { late: true, newerGotDocument: true },
    outcome: 'succeeded',
    step: none,
  },
  {
    title: 'a result after state-lost is only kept, also when the job is queued again',
    job: queued,
    attempt: { folderLost: true },
    outcome: 'succeeded',
    step: none,
  },
  {
    title: 'an end that is settled stays',
    job: { ...running, state: 'failed', cause: 'expired' },
    attempt: late,
    outcome: 'succeeded',
    step: none,
  },
  {
    title: 'a loss by state-lost stays',
    job: { ...lost, cause: 'state-lost' },
    attempt: late,
    outcome: 'succeeded',
    step: none,
  },
  {
    title: 'a lost job is corrected by the attempt that was lost, no other',
    job: lost,
    outcome: 'succeeded',
    step: none,
  },
];

describe('what a result does to the job', () => {
  for (const { title, job, attempt, outcome, cause, retrySafe = false, step } of rows) {
    test(title, () => {
      const ending = { late: false, newerGotDocument: false, folderLost: false, ...attempt };

      const taken = applyResult(job, ending, { outcome, cause: cause ?? causes[outcome], retrySafe });

      assert.deepEqual(taken, step);
    });
  }
});
