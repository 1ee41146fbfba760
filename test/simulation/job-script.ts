/** What a simulated program does: data, so that a schedule holds it. */
export interface JobScript {
  /** Pieces of output, each so long after the one before. */
  readonly prints: readonly { readonly afterMs: number; readonly text: string }[];
  /** After the last of them. */
  readonly endsAfterMs: number;
  readonly status: number;
  /** Null: it takes no notice of TERM. Else it ends so long after it. */
  readonly termMs: number | null;
}
