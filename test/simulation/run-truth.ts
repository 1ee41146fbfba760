/** One command that really ran, as nobody in the program can know it. */
export interface RunTruth {
  readonly job: string;
  readonly attempt: string;
  readonly agent: string;
  /** Wall time does not count here: by the clock of the world. */
  readonly startedAt: number;
  /** All that it printed and that found room. */
  output: Buffer;
  /** Bytes that found no room. */
  droppedBytes: number;
  endedAt: number | null;
  /** How it ended: by itself or for a signal with this status, or with the machine, or cut down. Null while it runs. */
  end:
    | { readonly type: 'exit'; readonly status: number; readonly byTerm: boolean }
    | { readonly type: 'killed' | 'power' }
    | null;
  /** Whether an intent was there when the wrapper began to write the exit record; null when it never did. */
  recordMarked: boolean | null;
}
