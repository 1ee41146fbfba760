import type { Clock } from '../../../runtime/clock.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { JobBoard } from './job-board.ts';
import type { JobCalls } from './job-calls.ts';
import type { PendingLimits } from './pending-limits.ts';

/** How long what does not depend on the automation is waited for. */
export interface JobLimits extends Omit<PendingLimits, 'pendingMs' | 'imageMs'> {
  /** The log of a container that ended, where the node does not give it. */
  readonly logMs: number;
  /** The KILL of a node that was told to end a container, beyond the grace: the log goes with a pod that is deleted before. */
  readonly killMs: number;
  /** What a node takes to end a container, beside the grace. */
  readonly nodeSlackMs: number;
  /** After this what was not heard of is asked for. */
  readonly lookMs: number;
}

export const defaultJobLimits: JobLimits = {
  configMs: 30_000,
  settleMs: 30_000,
  overdueMs: 120_000,
  logMs: 60_000,
  killMs: 10_000,
  nodeSlackMs: 30_000,
  lookMs: 30_000,
};

/** What all attempts in the cluster share. */
export interface JobContext {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly calls: JobCalls;
  /** Begins to watch the namespace if nobody did. */
  readonly boardOf: (namespace: string) => JobBoard;
  readonly limits: JobLimits;
  /** Lets go of everything, and ends nothing. */
  readonly signal: AbortSignal;
}
