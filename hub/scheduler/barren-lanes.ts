import { serves } from '../account.ts';
import type { LiveAgent } from '../fleet/live-agent.ts';
import type { Lane } from './job-queue.ts';

/**
 * Remembers which lanes nobody could serve, so that of many agents only those are looked at again for them that may take work since. Without it
 * each report of each agent would mean a look at all of them for every lane that waits.
 */
export class BarrenLanes {
  readonly #lanes = new WeakSet<Lane>();
  /** Agents that may take work which they could not take in the last pass. */
  readonly #fresh = new Set<LiveAgent>();
  /** Accounts whose lanes were not all looked at in the last pass, with whoever was fresh then. */
  #unseen: ReadonlySet<string> = new Set();

  freshened(agent: LiveAgent): void {
    this.#fresh.add(agent);
  }

  /** Who of `all` has to be looked at for the lane. */
  candidates(lane: Lane, all: Iterable<LiveAgent>): Iterable<LiveAgent> {
    if (!this.#lanes.has(lane) || this.#unseen.has(lane.account)) return all;
    return [...this.#fresh].filter((agent) => serves(agent.account, lane.account));
  }

  /** None of the candidates can serve it now. */
  found(lane: Lane): void {
    this.#lanes.add(lane);
  }

  /**
   * Every account that has an agent with room had its lanes looked at, but for `held`, whom something else than agents keeps from having more:
   * whoever is full now is fresh again when he is not.
   */
  passed(held: ReadonlySet<string>): void {
    this.#unseen = held;
    this.#fresh.clear();
  }
}
