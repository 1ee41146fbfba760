import type { WatchStatus } from '../../kubernetes/watch-status.ts';
import type { JobCounts, JobState } from './job-counts.ts';

/** What there is to say of an agent's Jobs, on its status page. */
export interface JobsStatus {
  /** Jobs that were let go and are not over. */
  readonly states: Readonly<Record<JobState, number>>;
  readonly counts: JobCounts;
  /** Whether leftovers of an earlier life were looked for in every namespace where the agent came to work, and why not. */
  readonly sweep: { readonly done: boolean; readonly error: string | null };
  /** Two for each namespace: Jobs and pods. */
  readonly watches: readonly WatchStatus[];
}
