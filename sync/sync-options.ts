/** Times and bounds of the clients, the same on both sides of a link as far as anybody cares. */
export interface SyncOptions {
  /** Between two comparisons on a quiet link, at most; each is drawn from the last fifth of it. */
  readonly periodMs: number;
  /** An unanswered spec is sent again after about so long … */
  readonly firstRepeatMs: number;
  /** … then after twice as long each time, up to this. */
  readonly maxRepeatMs: number;
  /** A link begins with the list itself when it is not longer than this, with a digest otherwise. */
  readonly maxFirstListEntries: number;
  /** Entries in one event of a list. */
  readonly maxListEntries: number;
  /** Bytes of the entries in one event of a list. */
  readonly maxListBytes: number;
  /** Resources whose handler is at work or waiting. What comes beyond is dropped, and found by a later comparison. */
  readonly maxBusy: number;
  /** Resync requests that wait for a lister. What comes beyond is dropped likewise. */
  readonly maxRequests: number;
}

export const defaultSyncOptions: SyncOptions = {
  periodMs: 60_000,
  firstRepeatMs: 3_000,
  maxRepeatMs: 60_000,
  maxFirstListEntries: 64,
  maxListEntries: 1_000,
  maxListBytes: 256 * 1024,
  maxBusy: 20_000,
  maxRequests: 256,
};
