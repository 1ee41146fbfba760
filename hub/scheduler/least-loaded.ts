import type { LiveAgent } from '../fleet/live-agent.ts';

/** Whether it could take any job at all. */
export function isFree(agent: LiveAgent): boolean {
  return agent.leaseEpoch !== null && agent.busyTotal < agent.slots;
}

/** The least loaded that is free and can take it; null when none can. */
export function leastLoaded(candidates: Iterable<LiveAgent>, canTake: (agent: LiveAgent) => boolean): LiveAgent | null {
  let best: LiveAgent | null = null;
  for (const agent of candidates) {
    if (!isFree(agent) || (best !== null && loadOf(agent) >= loadOf(best))) continue;
    if (canTake(agent)) best = agent;
  }
  return best;
}

function loadOf(agent: LiveAgent): number {
  return agent.busyTotal / agent.slots;
}
