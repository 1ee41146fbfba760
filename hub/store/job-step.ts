import type { Cause } from '../../protocol/cause.ts';
import type { FinalJobState } from '../../protocol/job-state.ts';
import type { JobMoment } from './job-transitions.ts';
import type { RetrySituation } from './retry-rule.ts';

/** The job, as far as the end of one of its attempts concerns it. */
export interface JobFacts extends JobMoment, Omit<RetrySituation, 'cause' | 'retrySafe'> {
  readonly neverStarted: number;
}

/** The attempt that ends, as far as its job is concerned. */
export interface EndingAttempt {
  /** It was called `agent-lost` before. */
  readonly late: boolean;
  /** A newer attempt of the job has got its document: this one no longer speaks for the job. */
  readonly newerGotDocument: boolean;
}

/** What the end of an attempt does to its job. */
export type JobStep =
  | { readonly type: 'none' }
  /** `counts`: against the limit of retries, or against that of commands that never started. */
  | { readonly type: 'queue'; readonly counts: 'retry' | 'never-started' }
  /** A newer attempt without a document, if there is one, is withdrawn with it. */
  | { readonly type: 'end'; readonly state: FinalJobState; readonly cause: Cause };
