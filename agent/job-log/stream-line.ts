/** A line of a stream, or a piece of a long one. */
export interface StreamLine {
  /** Of its first byte in the stream. */
  readonly offset: number;
  /** What it takes there, its line end included: the next one begins behind it. */
  readonly bytes: number;
  /** When its first byte was seen. */
  readonly at: number;
  /** Without the line end. */
  readonly content: Uint8Array;
  /** The line goes on in the next one. */
  readonly partial: boolean;
}
