import type { Gap } from '../../../protocol/attempt-result.ts';
import { Histogram } from '../../../runtime/histogram.ts';
import type { HistogramSample } from '../../../runtime/metrics-text.ts';
import type { CommandEnd } from '../command-end.ts';
import { platformCauses } from '../platform-cause.ts';

/**
 * Where a Job is that was let go.
 * - `pending`: its command was not seen at work
 * - `running`: it was
 * - `stopping`: somebody asked for its end, and it is not there yet
 * - `ending`: its container has ended; the rest of its log is read, or the runner delivers it
 */
export const jobStates = ['pending', 'running', 'stopping', 'ending'] as const;
export type JobState = (typeof jobStates)[number];

/**
 * What was found of an attempt that an earlier call, or an earlier agent, had begun.
 * - `found`: its Job is there, and is gone on with
 * - `gone`: it was let go, and its Job is not there
 * - `remade`: it was not there and nothing had begun, so it was made
 * - `foreign`: a Job of its name is there that is not of its folder: nothing was touched
 */
export const adoptions = ['found', 'gone', 'remade', 'foreign'] as const;
export type Adoption = (typeof adoptions)[number];

/** How a Job ended: by the exit status of its command, or by a word of the cluster. */
const jobEnds = ['exit-code', ...platformCauses] as const;
type JobEnd = (typeof jobEnds)[number];

/** What this process has seen of its Jobs so far. Nothing here goes down, and all of it begins anew with the process. */
export interface JobCounts {
  readonly ended: Readonly<Record<JobEnd, number>>;
  readonly adopted: Readonly<Record<Adoption, number>>;
  /** Jobs of no attempt that were deleted. */
  readonly swept: number;
  /** Gaps in logs that were read from a kubelet, by why. */
  readonly gaps: Readonly<Partial<Record<Gap['why'], number>>>;
  /** Seconds from letting a Job go to seeing its command at work. */
  readonly start: HistogramSample;
}

export interface JobCounter {
  readonly counts: JobCounts;
  began(afterMs: number): void;
  ended(end: CommandEnd, gaps: readonly Gap[]): void;
  adopted(what: Adoption): void;
  swept(): void;
}

const startBounds = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300];

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

export function countStates(states: readonly JobState[]): Readonly<Record<JobState, number>> {
  const counts = zeros(jobStates);
  for (const state of states) counts[state] += 1;
  return counts;
}

export function createJobCounter(): JobCounter {
  const ended = zeros(jobEnds);
  const adopted = zeros(adoptions);
  const gaps: Partial<Record<Gap['why'], number>> = {};
  const start = new Histogram(startBounds);
  let swept = 0;
  return {
    get counts() {
      return { ended: { ...ended }, adopted: { ...adopted }, swept, gaps: { ...gaps }, start: start.toSample() };
    },
    began: (afterMs) => start.observe(afterMs / 1000),
    ended(end, found) {
      ended[end.type === 'exit' ? 'exit-code' : end.cause] += 1;
      for (const { why } of found) gaps[why] = (gaps[why] ?? 0) + 1;
    },
    adopted(what) {
      adopted[what] += 1;
    },
    swept() {
      swept += 1;
    },
  };
}
