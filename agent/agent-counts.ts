import { type Outcome, outcomes } from '../protocol/attempt-result.ts';
import { type DeclineReason, declineReasons } from '../protocol/offer.ts';
import type { Clock } from '../runtime/clock.ts';
import { Histogram } from '../runtime/histogram.ts';
import type { HistogramSample } from '../runtime/metrics-text.ts';
import type { AttemptState } from './attempts/attempt-state.ts';
import type { SessionCounter } from './counted-sessions.ts';
import type { LinkState } from './link-state.ts';

/** What this process has done so far. Nothing here goes down unless it says so, and all of it begins anew with the process. */
export interface AgentCounts {
  /** Attempts whose result the hub accepted. */
  readonly ended: Readonly<Record<Outcome, number>>;
  readonly declined: Readonly<Record<DeclineReason, number>>;
  /** Bytes of streams that went out, those that were sent again included. */
  readonly logBytesSent: number;
  readonly dials: number;
  /** Control channels that came up. */
  readonly connects: number;
  /** Without a control channel that is up, in milliseconds. */
  readonly offlineMs: number;
  readonly sessions: {
    /** At this moment. */
    readonly open: number;
    /** Bytes on their way that the hub has not acknowledged, at this moment. */
    readonly unacknowledgedBytes: number;
    readonly opened: number;
    /** Those that could not be opened. */
    readonly failed: number;
  };
  /** Gaps in the logs of attempts whose result was accepted. */
  readonly logGaps: number;
  /** Milliseconds since 1970; null before the first. */
  readonly lastAcceptedAt: number | null;
  readonly lastEventAt: number | null;
}

/** How long things took. */
export interface AgentTimes {
  /** From the claim of an attempt to the start of its program. */
  readonly start: HistogramSample;
  readonly session: HistogramSample;
  /** From the hub's hello to its having been told how all attempts stand. */
  readonly resync: HistogramSample;
}

/** Makes the counts of what it is told. */
export interface AgentCounter extends SessionCounter {
  readonly counts: AgentCounts;
  readonly times: AgentTimes;
  linkChanged(state: LinkState): void;
  /** Something came from the hub on the control channel. */
  heard(): void;
  resynced(tookMs: number): void;
  /** An offer was taken. */
  claimed(): void;
  declined(reason: DeclineReason): void;
  /** An attempt is in another state; null: it is not held any more. */
  attemptChanged(id: string, state: AttemptState | null): void;
  /** The hub has accepted the result of an attempt. */
  accepted(outcome: Outcome, gaps: number): void;
}

const startBounds = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30];
const sessionBounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400];
const resyncBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

/** When the program of an attempt began; null where it did not, or is not known to have. */
function startOf(state: AttemptState): number | null {
  if (state.type === 'holding') {
    const { startedAt } = state.held.result;
    return startedAt === null ? null : Date.parse(startedAt);
  }
  return 'startedAt' in state ? state.startedAt : null;
}

export function createAgentCounter(clock: Clock): AgentCounter {
  const ended = zeros(outcomes);
  const declined = zeros(declineReasons);
  const start = new Histogram(startBounds);
  const session = new Histogram(sessionBounds);
  const resync = new Histogram(resyncBounds);
  /** Attempts of this process that have not begun, and when they were claimed. */
  const claims = new Map<string, number>();
  const sessions = { open: 0, unacknowledgedBytes: 0, opened: 0, failed: 0 };
  let logBytesSent = 0;
  let dials = 0;
  let connects = 0;
  let logGaps = 0;
  let lastAcceptedAt: number | null = null;
  let lastEventAt: number | null = null;
  let last: LinkState['type'] = 'idle';
  /** Of the channel that is up; each has its own. */
  let lastEpoch: number | null = null;
  let offlineMs = 0;
  /** Null while the link is up. */
  let offlineSince: number | null = clock.monotonic();
  return {
    get counts() {
      const offlineNowMs = offlineSince === null ? 0 : clock.monotonic() - offlineSince;
      return {
        ended: { ...ended },
        declined: { ...declined },
        logBytesSent,
        dials,
        connects,
        offlineMs: offlineMs + offlineNowMs,
        sessions: { ...sessions },
        logGaps,
        lastAcceptedAt,
        lastEventAt,
      };
    },
    get times() {
      return { start: start.toSample(), session: session.toSample(), resync: resync.toSample() };
    },
    linkChanged(state) {
      const { type } = state;
      if (type === 'dialling') dials += 1;
      if (type === 'up' || type === 'distrusted') {
        // A later hello of the same channel, or trust that was given on it, is no other channel.
        const isOther = state.hub.leaseEpoch !== lastEpoch;
        if (isOther) connects += 1;
        // One that took over from another was dialled while that was up.
        if (isOther && last !== 'dialling') dials += 1;
        lastEpoch = state.hub.leaseEpoch;
      } else lastEpoch = null;
      if (type === 'up' && offlineSince !== null) {
        offlineMs += clock.monotonic() - offlineSince;
        offlineSince = null;
      } else if (type !== 'up') offlineSince ??= clock.monotonic();
      last = type;
    },
    heard() {
      lastEventAt = clock.now();
    },
    resynced: (tookMs) => resync.observe(tookMs / 1000),
    claimed() {
      lastAcceptedAt = clock.now();
    },
    declined(reason) {
      declined[reason] += 1;
    },
    attemptChanged(id, state) {
      if (state === null || state.type === 'gone') {
        claims.delete(id);
        return;
      }
      if (state.type === 'claimed') claims.set(id, Date.parse(state.claim.claimedAt));
      const claimedAt = claims.get(id);
      const startedAt = startOf(state);
      if (claimedAt === undefined || startedAt === null) return;
      claims.delete(id);
      start.observe(Math.max(0, startedAt - claimedAt) / 1000);
    },
    accepted(outcome, gaps) {
      ended[outcome] += 1;
      logGaps += gaps;
    },
    sessionOpened() {
      sessions.opened += 1;
      sessions.open += 1;
    },
    sessionFailed() {
      sessions.failed += 1;
    },
    sessionEnded(tookMs) {
      sessions.open -= 1;
      session.observe(tookMs / 1000);
    },
    logSent(bytes) {
      logBytesSent += bytes;
    },
    inFlightChanged(byBytes) {
      sessions.unacknowledgedBytes += byBytes;
    },
  };
}
