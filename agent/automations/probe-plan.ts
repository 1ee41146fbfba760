import type { Template } from './template.ts';

/** What a probe runs and when, and what of its facts makes no change. */
export interface ProbePlan {
  /** The program and its arguments. */
  readonly argv: readonly Template[];
  /** Written to a file, whose path becomes the last argument; null when there is none. */
  readonly script: string | null;
  /** From the begin of one run to the next. */
  readonly intervalMs: number;
  /** Added to each interval by chance, up to this. */
  readonly jitterMs: number;
  /** As `FactsPointer`. */
  readonly volatile: readonly string[];
}
