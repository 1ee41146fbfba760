/** When the bytes of one place in a log were seen: for `?timestamps=true`. */
export interface LogMoment {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * One attempt's log, open for writing by the newest session of the attempt. After a rejection the writer is of no more use:
 * close it, and open another one once there is hope again; it goes on at what is durable.
 */
export interface LogWriter extends AsyncDisposable {
  /** Bytes that are stored durably. */
  readonly durable: number;
  /** Bytes that were handed over. */
  readonly length: number;
  /** Appends at `length`. Bytes are visible to readers once durable. Rejects with `LogError` (`full`, `broken`, `closed`). */
  append(bytes: Uint8Array, at: number): Promise<void>;
  /** Resolves with the durable length once all that was appended before is durable; concurrent calls share one flush. */
  flush(): Promise<number>;
  /** SHA-256 of everything appended, as hex. */
  digest(): Promise<string>;
}

/** Log bytes by attempt and offset. Only what is durable is ever shown. */
export interface LogStore extends AsyncDisposable {
  /** Opens for writing at the durable length, making the log if there is none; an earlier writer of this attempt is closed first. */
  write(attempt: string): Promise<LogWriter>;
  /** Durable length; 0 when there is no log. */
  length(attempt: string): Promise<number>;
  /** Bytes from `start` (inclusive) to `end` (exclusive), in pieces; reads no further than the durable length. */
  read(attempt: string, start: number, end: number): AsyncIterable<Uint8Array>;
  /** Moments that tell the times of the bytes from `start` to `end`, in order: the newest one at or before `start` comes with them. */
  moments(attempt: string, start: number, end: number): Promise<readonly LogMoment[]>;
  /** Deletes the log, if there is one; whoever writes or reads it is broken off. May be done twice. */
  remove(attempt: string): Promise<void>;
  /** Resolves when the durable length passes `offset`, when `signal` aborts, or when the store is closed. */
  grown(attempt: string, offset: number, signal: AbortSignal): Promise<void>;
}
