/** How it stands with the output of jobs beside the spool, and what was done since the process started. */
export interface JobLogStatus {
  /** `stdout`, or the path of the file. */
  readonly place: string;
  /** Why nothing gets there now; null when all is well. */
  readonly problem: string | null;
  /** Bytes of documents that went there. */
  readonly writtenBytes: number;
  /** Bytes of streams whose lines never will. */
  readonly droppedBytes: number;
  /** Attempts of which lines, or the closing document, never will. */
  readonly cutAttempts: number;
}

/**
 * Where the lines of all jobs go besides the hub. It may take its time, fail, or take nothing at all: nobody but the loops that write
 * to it waits for it, and what it has not taken yet waits in the spool.
 */
export interface JobLog {
  readonly status: JobLogStatus;
  /**
   * Takes whole lines, in order with those of others between them. Resolves when the system has all of them: true; or false when it was
   * closed first, and then some may be there. What fails is tried again.
   */
  write(lines: Uint8Array): Promise<boolean>;
  /** How long somebody may wait for it before he gives his lines up: nothing any more where it has taken nothing for so long already. */
  patienceMs(): number;
  /** These will not be written. */
  drop(cut: { readonly attempt: string; readonly bytes: number }): void;
  /** Calls back when its problem changes. */
  onChange(listener: () => void): void;
}
