import type { Waiting, WaitingReason, WaitingReasonCount } from '../../protocol/job.ts';

/** Why a job is not given to any agent: the first agents, and all of them by reason. */
export interface WaitingView {
  readonly agents: readonly Waiting[];
  readonly reasons: readonly WaitingReasonCount[];
}

/** Agents that are named at most. */
const maxNamed = 20;

/**
 * From nearest to farthest: an agent that the hub makes no offer to could take the job, one that declined has all that the job asks for and is asked again in a moment, one that lacks a slot has
 * all else, and one without the labels may have none of it.
 */
const nearestFirst: readonly WaitingReason[] = [
  'hub-starting',
  'store-behind',
  'quota',
  'declined',
  'slots',
  'automation-busy',
  'pressure',
  'draining',
  'store-changed',
  'offline',
  'parameters',
  'automation',
  'labels',
];

/** Gathers the reasons of many agents, and holds no more of them than is shown. */
export class WaitingGathering {
  readonly #byReason = new Map<WaitingReason, { agents: number; readonly named: Waiting[] }>();

  add(agent: string, reason: WaitingReason, message: string | null): void {
    let group = this.#byReason.get(reason);
    if (group === undefined) {
      group = { agents: 0, named: [] };
      this.#byReason.set(reason, group);
    }
    group.agents++;
    if (group.named.length >= maxNamed) return;
    group.named.push(message === null ? { agent, reason } : { agent, reason, message });
  }

  toView(): WaitingView {
    const agents: Waiting[] = [];
    const reasons: WaitingReasonCount[] = [];
    for (const reason of nearestFirst) {
      const group = this.#byReason.get(reason);
      if (group === undefined) continue;
      reasons.push({ reason, agents: group.agents });
      agents.push(...group.named.slice(0, maxNamed - agents.length));
    }
    return { agents, reasons };
  }
}
