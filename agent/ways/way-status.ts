/**
 * How one way to the hub stands:
 *
 * - `used`: the control channel and new sessions go there
 * - `failed`: the last try to go there, or what was there, failed; `why` says how
 * - `spare`: nothing is known against it, and it is not needed
 */
export interface WayStatus {
  readonly url: string;
  readonly transport: string;
  readonly state: 'used' | 'failed' | 'spare';
  /** Null unless it failed. */
  readonly why: string | null;
  /** Of the failure: ISO 8601. */
  readonly failedAt: string | null;
  /** When it is its turn again, unless nothing else is left before: ISO 8601. Null unless it failed. */
  readonly nextTryAt: string | null;
}
