/** What takes the bytes of a job log. One call at a time. */
export interface JobLogTarget {
  /** `stdout`, or the path of the file. */
  readonly place: string;
  /** Called before each batch of whole lines: this is the moment to turn to another file. Rejects with the system's error. */
  prepare(): Promise<void>;
  /** Hands bytes over and resolves with how many went, at least one. Rejects with the system's error when none did. */
  write(bytes: Uint8Array): Promise<number>;
  /** Somebody renamed the file: the next batch goes to the one that is under the name then. */
  reopen(): void;
  close(): Promise<void>;
}
