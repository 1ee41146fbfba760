import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';

export interface ArrivalsLimits {
  /**
   * Agents that may be on their way in at a time, from the first look at their credential until they were told of all their attempts: at first,
   * at least, and at most.
   */
  readonly atOnce: { readonly first: number; readonly least: number; readonly most: number };
  /** Where they take longer than this, fewer are let in at a time; where they take less than half of it, more are. */
  readonly slowMs: number;
  /** One that takes longer is on its own: its place goes to another. */
  readonly placeMs: number;
  /** Nobody is told to come sooner … */
  readonly soonestMs: number;
  /** … or later than this. */
  readonly latestMs: number;
}

export const defaultArrivalsLimits: ArrivalsLimits = {
  atOnce: { first: 32, least: 8, most: 128 },
  slowMs: 1_500,
  placeMs: 10_000,
  soonestMs: 500,
  latestMs: 60_000,
};

/** Between two agents, before any was seen to come; and what may be believed of those that were. */
const firstPaceMs = 2.5;
const fastestPaceMs = 1;
const slowestPaceMs = 50;
/** How much one arrival changes the pace. */
const newness = 0.05;
/** How much one arrival changes the number that is let in at a time. */
const widening = 0.25;
const narrowing = 0.97;

/** A place on the way in. Leaving twice, or after its time, does nothing. */
export interface Place {
  leave(): void;
}

export type Entry =
  | { readonly type: 'entered'; readonly place: Place }
  | { readonly type: 'full'; readonly comeBackInMs: number };

/**
 * The hub's door for control channels. When thousands of agents come at once, a few are on their way in at a time, as many as still get in soon,
 * and every other one is told when to come back, each another time: one after the other, at the pace at which agents were last seen to get
 * in. Telling costs next to nothing, so the event loop stays free for sessions, which do not pass here, and for the API.
 */
export class Arrivals {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: ArrivalsLimits;
  /** Since when each is taken. */
  readonly #places = new Map<Timer, number>();
  #room: number;
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
    this.#room = limits.atOnce.first;
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
    const room = Math.floor(this.#room);
    if (this.#isShut || this.#places.size >= room) {
      this.#deferred++;
      return { type: 'full', comeBackInMs: this.nextTurnMs() };
    }
    const now = this.#clock.monotonic();
    const timer = this.#clock.schedule(this.#limits.placeMs, () => this.#leave(timer), { background: true });
    this.#places.set(timer, now);
    if (this.#places.size >= room) this.#crowdedSince ??= now;
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
    const enteredAt = this.#places.get(timer);
    this.#places.delete(timer);
    if (enteredAt === undefined || this.#crowdedSince === null) return;
    const now = this.#clock.monotonic();
    this.#adapt(now - enteredAt);
    const tookMs = Math.min(Math.max(now - this.#crowdedSince, fastestPaceMs), slowestPaceMs);
    this.#paceMs += newness * (tookMs - this.#paceMs);
    // A door with room says nothing of how fast it could be.
    this.#crowdedSince = this.#places.size > this.#room / 2 ? now : null;
  }

  #adapt(tookMs: number): void {
    const { atOnce, slowMs } = this.#limits;
    if (tookMs > slowMs) this.#room = Math.max(this.#room * narrowing, atOnce.least);
    else if (tookMs < slowMs / 2) this.#room = Math.min(this.#room + widening, atOnce.most);
  }
}
