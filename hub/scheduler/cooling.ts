import type { Clock } from '../../runtime/clock.ts';

const firstMs = 250;
const longestMs = 15_000;

/**
 * Pairs of agent and automation that just came to nothing (declined, or no answer): not tried again at once, and later each time,
 * so that an agent that says no does not make the hub spin. A success forgets it.
 */
export class Cooling {
  readonly #clock: Clock;
  readonly #pairs = new Map<string, { readonly until: number; readonly delayMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Answers for how long, in milliseconds. */
  refused(agentId: string, automation: string): number {
    const key = keyOf(agentId, automation);
    const delayMs = Math.min((this.#pairs.get(key)?.delayMs ?? firstMs / 2) * 2, longestMs);
    this.#pairs.set(key, { until: this.#clock.monotonic() + delayMs, delayMs });
    return delayMs;
  }

  succeeded(agentId: string, automation: string): void {
    this.#pairs.delete(keyOf(agentId, automation));
  }

  isCooling(agentId: string, automation: string): boolean {
    const pair = this.#pairs.get(keyOf(agentId, automation));
    return pair !== undefined && pair.until > this.#clock.monotonic();
  }
}

function keyOf(agentId: string, automation: string): string {
  return `${agentId} ${automation}`;
}
