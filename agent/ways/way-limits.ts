export interface WayLimits {
  /** How long a way that failed stays behind the others, about; doubled each time that it fails again … */
  readonly firstBehindMs: number;
  /** … up to this. */
  readonly maxBehindMs: number;
  /** How long a session to a better way has to stay open before the control channel goes there. Less than a hub waits for an `open`. */
  readonly holdMs: number;
  /** So many sessions in a row that came to nothing, … */
  readonly sessionFailures: number;
  /** … over at least so long, and the way is no good, whatever its control channel says. */
  readonly sessionFailuresMs: number;
}

export const defaultWayLimits: WayLimits = {
  firstBehindMs: 10_000,
  maxBehindMs: 5 * 60_000,
  holdMs: 5_000,
  sessionFailures: 3,
  sessionFailuresMs: 10_000,
};
