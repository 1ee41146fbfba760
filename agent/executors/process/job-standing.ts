import { readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * How far jobs stand behind the agent when the machine is short of something. Among thirty-five jobs that compute on two processors an equal
 * agent stood still for seven seconds; of equal processes the kernel kills the largest when memory is gone, which with many small jobs is the
 * agent (docs/decisions/0023).
 */
export interface JobStanding {
  /** By so much their niceness (sched(7)) is above that of the agent. */
  readonly nicerBy: number;
  /** `oom_score_adj` (proc_pid_oom_score_adj(5)) of what a wrapper runs; null: that of the agent. */
  readonly oomScoreAdj: number | null;
}

/** Jobs are the agent's equals. */
export const equalStanding: JobStanding = { nicerBy: 0, oomScoreAdj: null };

const worstNiceness = 19;
const worstOomScoreAdj = 1000;

/** That many points behind this process. 0 changes nothing, nor does anything where the system knows no such score. */
export function readStandingBehind(by: { readonly nice: number; readonly oomScore: number }): JobStanding {
  const own = by.oomScore === 0 ? null : readOomScoreAdj();
  return { nicerBy: by.nice, oomScoreAdj: own === null ? null : Math.min(own + by.oomScore, worstOomScoreAdj) };
}

/** Of a process that has started nothing yet: what it starts inherits it. Where the system refuses, it stays as it is. */
export function applyNiceness(pid: number, { nicerBy }: JobStanding): void {
  if (nicerBy === 0) return;
  try {
    setPriority(pid, Math.min(getPriority() + nicerBy, worstNiceness));
  } catch {
    // It is gone; or a job that is not put back runs all the same.
  }
}

function readOomScoreAdj(): number | null {
  try {
    return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  } catch {
    return null;
  }
}
