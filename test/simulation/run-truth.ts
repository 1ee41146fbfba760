import type { ProgramPart } from './job-script.ts';

/** One program that really ran, as nobody in the agent or hub can know it. */
export interface RunTruth {
  readonly job: string;
  readonly attempt: string;
  readonly agent: string;
  readonly part: ProgramPart;
  /** What its environment said of the end of its job: of an `after` hook. */
  readonly toldOutcome: string | null;
  readonly toldExitCode: string | null;
  /** Wall time does not count here: by the clock of the world. */
  readonly startedAt: number;
  /** All that it printed: where nothing stands between it and its log, that which found room. */
  output: Buffer;
  /** What its file of outputs held last; null when it wrote none. */
  outputs: string | null;
  /** Each line of progress that it wrote. */
  readonly progress: string[];
  endedAt: number | null;
  /** How it ended: by itself or for a signal with this status, or with the machine, or cut down. Null while it runs. */
  end:
    | { readonly type: 'exit'; readonly status: number; readonly byTerm: boolean }
    | { readonly type: 'killed' | 'power' }
    | null;
  /** Whether an intent was there when the wrapper began to write the exit record; null when it never did. */
  recordMarked: boolean | null;
}
