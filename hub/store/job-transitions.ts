import type { Cause } from '../../protocol/cause.ts';
import type { JobState } from '../../protocol/job-state.ts';

/** A job's state, with the cause because `lost` is two states: by `agent-lost` it may still be corrected, by any other it is final. */
export interface JobMoment {
  readonly state: JobState;
  readonly cause: Cause | null;
}

type Moment = Exclude<JobState, 'lost'> | 'lost-correctable' | 'lost-final';

/** The only ways between states: `docs/attempts.md` §1. */
const ways: Readonly<Record<Moment, readonly Moment[]>> = {
  queued: ['offered', 'succeeded', 'failed', 'cancelled', 'timed-out', 'lost-correctable'],
  offered: ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'timed-out', 'lost-correctable', 'lost-final'],
  running: ['queued', 'succeeded', 'failed', 'cancelled', 'timed-out', 'lost-correctable', 'lost-final'],
  succeeded: [],
  failed: [],
  cancelled: [],
  'timed-out': [],
  'lost-correctable': ['succeeded', 'failed', 'cancelled', 'timed-out', 'lost-final'],
  'lost-final': [],
};

function toMoment({ state, cause }: JobMoment): Moment {
  if (state !== 'lost') return state;
  return cause === 'agent-lost' ? 'lost-correctable' : 'lost-final';
}

/** `lost` by `agent-lost`: the one end that a late result corrects. */
export function isCorrectable(job: JobMoment): boolean {
  return toMoment(job) === 'lost-correctable';
}

/** Over, and nothing may change it any more. */
export function isSettled(job: JobMoment): boolean {
  return ways[toMoment(job)].length === 0;
}

/** Throws when the table knows no way from one to the other: then the code is wrong, and nothing must be stored. */
export function assertTransition(from: JobMoment, to: JobMoment): void {
  const [before, after] = [toMoment(from), toMoment(to)];
  if (!ways[before].includes(after)) {
    throw new Error(
      `A job in ${before} can become ${ways[before].join(', ') || 'nothing else'}; the code asked for ${after}`,
    );
  }
}
