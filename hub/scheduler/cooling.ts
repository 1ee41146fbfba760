import type { Clock, Timer } from '../../runtime/clock.ts';

const firstMs = 250;
const longestMs = 15_000;

interface Pair {
  delayMs: number;
  /** Null when it may be tried again. */
  timer: Timer | null;
}

/**
 * Pairs of agent and automation that just came to nothing (declined, or no answer): not tried again at once, and later each time,
 * so that an agent that says no does not make the hub spin. A success forgets it.
 */
export class Cooling implements Disposable {
  readonly #clock: Clock;
  readonly #onOver: (agentId: string) => void;
  readonly #pairs = new Map<string, Pair>();
  #revision = 0;

  /** `onOver` is called whenever a pair of this agent may be tried again. */
  constructor(clock: Clock, onOver: (agentId: string) => void) {
    this.#clock = clock;
    this.#onOver = onOver;
  }

  /** Another number after each change. */
  get revision(): number {
    return this.#revision;
  }

  refused(agentId: string, automation: string): void {
    const key = keyOf(agentId, automation);
    const pair = this.#pairs.get(key) ?? { delayMs: firstMs / 2, timer: null };
    this.#pairs.set(key, pair);
    pair.timer?.cancel();
    pair.delayMs = Math.min(pair.delayMs * 2, longestMs);
    this.#revision++;
    const over = () => {
      pair.timer = null;
      this.#revision++;
      this.#onOver(agentId);
    };
    pair.timer = this.#clock.schedule(pair.delayMs, over, { background: true });
  }

  succeeded(agentId: string, automation: string): void {
    const key = keyOf(agentId, automation);
    const pair = this.#pairs.get(key);
    if (pair === undefined) return;
    this.#pairs.delete(key);
    pair.timer?.cancel();
    this.#revision++;
    this.#onOver(agentId);
  }

  isCooling(agentId: string, automation: string): boolean {
    return (this.#pairs.get(keyOf(agentId, automation))?.timer ?? null) !== null;
  }

  [Symbol.dispose](): void {
    for (const pair of this.#pairs.values()) pair.timer?.cancel();
    this.#pairs.clear();
  }
}

function keyOf(agentId: string, automation: string): string {
  return `${agentId} ${automation}`;
}
