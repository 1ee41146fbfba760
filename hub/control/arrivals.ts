import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';

export interface ArrivalsLimits {
  /** Agents that may be on their way in at a time, from the first look at their credential until they were told of all their attempts. */
  readonly atOnce: number;
  /** One that takes longer is on its own: its place goes to another. */
  readonly placeMs: number;
  /** Nobody is told to come sooner … */
  readonly soonestMs: number;
  /** … or later than this. */
  readonly latestMs: number;
}

export const defaultArrivalsLimits: ArrivalsLimits = {
  atOnce: 96,
  placeMs: 10_000,
  soonestMs: 500,
  latestMs: 60_000,
};

/** Between two agents, before any was seen to come; and what may be believed of those that were. */
const firstPaceMs = 4;
const fastestPaceMs = 1;
const slowestPaceMs = 50;
/** How much one arrival changes the pace. */
const newness = 0.05;

/** A place on the way in. Leaving twice, or after its time, does nothing. */
export interface Place {
  leave(): void;
}

export type Entry =
  | { readonly type: 'entered'; readonly place: Place }
  | { readonly type: 'full'; readonly comeBackInMs: number };

/**
 * The hub's door for control channels. When thousands of agents come at once, so many are on their way in, and every other one is told
 * when to come back, each another time: one after the other, at the pace at which agents were last seen to get in. Telling costs next to
 * nothing, so the event loop stays free for sessions, which do not pass here, and for the API.
 */
export class Arrivals {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: ArrivalsLimits;
  readonly #places = new Set<Timer>();
  /** Of agents that were let in and have not arrived yet. */
  readonly #byAgent = new Map<string, Place>();
  #paceMs = firstPaceMs;
  /** When somebody last got in while others had to wait; null while nobody has to. */
  #crowdedSince: number | null = null;
  /** The last time that was given to anybody, by the clock that never goes back. */
  #lastTurn = 0;
  #deferred = 0;
  #isShut = false;

  constructor({
    clock,
    random,
    limits = defaultArrivalsLimits,
  }: {
    readonly clock: Clock;
    readonly random: Random;
    readonly limits?: ArrivalsLimits;
  }) {
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
  }

  /** Agents on their way in. */
  get arriving(): number {
    return this.#places.size;
  }

  /** How often somebody was told to come back. */
  get deferred(): number {
    return this.#deferred;
  }

  get isShut(): boolean {
    return this.#isShut;
  }

  /** From now on nobody gets in: this hub is leaving. */
  shut(): void {
    this.#isShut = true;
  }

  enter(): Entry {
    if (this.#isShut || this.#places.size >= this.#limits.atOnce) {
      this.#deferred++;
      return { type: 'full', comeBackInMs: this.nextTurnMs() };
    }
    const timer = this.#clock.schedule(this.#limits.placeMs, () => void this.#places.delete(timer), {
      background: true,
    });
    this.#places.add(timer);
    if (this.#places.size === this.#limits.atOnce) this.#crowdedSince ??= this.#clock.monotonic();
    return { type: 'entered', place: { leave: () => this.#leave(timer) } };
  }

  /** Whose place it is. */
  keep(agentId: string, place: Place): void {
    this.arrived(agentId);
    this.#byAgent.set(agentId, place);
  }

  /** The agent has arrived, or its channel has ended. */
  arrived(agentId: string): void {
    this.#byAgent.get(agentId)?.leave();
    this.#byAgent.delete(agentId);
  }

  /** A time to come back that nobody else was given. Those who would have to wait too long come at some time before. */
  nextTurnMs(): number {
    const { soonestMs, latestMs } = this.#limits;
    const now = this.#clock.monotonic();
    this.#lastTurn = Math.max(this.#lastTurn + this.#paceMs, now + soonestMs);
    if (this.#lastTurn <= now + latestMs) return this.#lastTurn - now;
    this.#lastTurn = now + latestMs;
    return soonestMs + this.#random.fraction() * (latestMs - soonestMs);
  }

  #leave(timer: Timer): void {
    timer.cancel();
    if (!this.#places.delete(timer) || this.#crowdedSince === null) return;
    const now = this.#clock.monotonic();
    const tookMs = Math.min(Math.max(now - this.#crowdedSince, fastestPaceMs), slowestPaceMs);
    this.#paceMs += newness * (tookMs - this.#paceMs);
    // A door with room says nothing of how fast it could be.
    this.#crowdedSince = this.#places.size > this.#limits.atOnce / 2 ? now : null;
  }
}
