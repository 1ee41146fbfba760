import type { Outcome } from '../protocol/attempt-result.ts';
import type { Job } from '../protocol/job.ts';

/** What the exit code of a command says. Other programs rely on the numbers. */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  /** Usage or configuration. */
  usage: 2,
  /** Cannot reach the hub, or it does not allow it. */
  refused: 3,
  /** The job was cancelled or timed out. */
  stopped: 4,
  lost: 5,
  noJob: 6,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** For a job that has ended. One that has not is still well: 0. */
export function toExitCode({ state }: Pick<Job, 'state'>): ExitCode {
  switch (state) {
    case 'queued':
    case 'offered':
    case 'running':
    case 'succeeded':
      return exitCodes.succeeded;
    case 'failed':
      return exitCodes.failed;
    case 'cancelled':
    case 'timed-out':
      return exitCodes.stopped;
    case 'lost':
      return exitCodes.lost;
  }
}

/** For an attempt that an agent has brought to its end. */
export function outcomeToExitCode(outcome: Outcome): ExitCode {
  return outcome === 'never-started' ? exitCodes.failed : toExitCode({ state: outcome });
}
