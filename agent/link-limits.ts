import { maxHintMs } from './max-hint.ts';
import { defaultWayLimits, type WayLimits } from './ways/way-limits.ts';

export interface LinkLimits {
  /** Window of the first try after a channel ended. */
  readonly firstRetryMs: number;
  /** Largest window. */
  readonly maxRetryMs: number;
  /** A hub cannot send an agent away for longer than this. */
  readonly maxHintMs: number;
  /** A channel that lived so long was healthy: the next try is a first one again. */
  readonly healthyMs: number;
  /** How long the hub may take to say hello. */
  readonly helloMs: number;
  /** How often a distrusting agent looks whether somebody trusts the hub. */
  readonly trustPollMs: number;
  readonly ways: WayLimits;
}

export const defaultLinkLimits: LinkLimits = {
  firstRetryMs: 250,
  maxRetryMs: 15_000,
  maxHintMs,
  healthyMs: 60_000,
  helloMs: 15_000,
  trustPollMs: 1_000,
  ways: defaultWayLimits,
};
