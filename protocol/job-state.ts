import { z } from 'zod';

/** The states a job can be in. `docs/attempts.md` §1 has the only ways between them. */
export const jobStates = [
  'queued',
  'offered',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'timed-out',
  'lost',
] as const;
export type JobState = (typeof jobStates)[number];

export const JobState = z.enum(jobStates);

export const finalJobStates = ['succeeded', 'failed', 'cancelled', 'timed-out', 'lost'] as const;
export type FinalJobState = (typeof finalJobStates)[number];

export function isFinal(state: JobState): state is FinalJobState {
  return (finalJobStates as readonly JobState[]).includes(state);
}
