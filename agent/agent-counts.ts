import { type Outcome, outcomes } from '../protocol/attempt-result.ts';
import type { LinkState } from './link-state.ts';

/** What this process has done so far. Nothing here goes down, and all of it begins anew with the process. */
export interface AgentCounts {
  /** Attempts whose result the hub accepted. */
  readonly ended: Readonly<Record<Outcome, number>>;
  /** Bytes of streams that went out, those that were sent again included. */
  readonly logBytesSent: number;
  readonly dials: number;
  /** Control channels that came up. */
  readonly connects: number;
}

/** Makes the counts of what it is told. */
export interface AgentCounter {
  readonly counts: AgentCounts;
  linkChanged(state: LinkState): void;
  /** The hub has accepted the result of an attempt. */
  accepted(outcome: Outcome): void;
  logSent(bytes: number): void;
}

export function createAgentCounter(): AgentCounter {
  const ended = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  let logBytesSent = 0;
  let dials = 0;
  let connects = 0;
  let last: LinkState['type'] = 'idle';
  return {
    get counts() {
      return { ended: { ...ended }, logBytesSent, dials, connects };
    },
    linkChanged({ type }) {
      if (type === 'dialling') dials += 1;
      // A later hello of the same channel, or trust that was given on it, is no other channel.
      if (last === 'dialling' && (type === 'up' || type === 'distrusted')) connects += 1;
      last = type;
    },
    accepted(outcome) {
      ended[outcome] += 1;
    },
    logSent(bytes) {
      logBytesSent += bytes;
    },
  };
}
