import type { Clock } from '../../../runtime/clock.ts';

/** So many may be remembered; who was here longest ago is forgotten first, and begins anew. */
const maxKeys = 10_000;

/**
 * How often each of many may come: `perSecond` in the long run, and a burst at once. Of each nothing is kept but one number, the time at
 * which its burst would be whole again (the generic cell rate algorithm).
 */
export class RateBuckets {
  readonly #whole = new Map<string, number>();
  readonly #everyMs: number;
  readonly #burstMs: number;
  readonly #clock: Clock;

  /** `perSecond` may be Infinity: then nobody is told to wait. */
  constructor({
    perSecond,
    burst,
    clock,
  }: { readonly perSecond: number; readonly burst: number; readonly clock: Clock }) {
    this.#everyMs = 1000 / perSecond;
    this.#burstMs = burst * this.#everyMs;
    this.#clock = clock;
  }

  /** 0: counted, come in. Else the milliseconds after which there is room for one, and nothing was counted. */
  take(key: string): number {
    if (this.#everyMs === 0) return 0;
    const now = this.#clock.monotonic();
    const whole = Math.max(this.#whole.get(key) ?? 0, now) + this.#everyMs;
    const waitMs = whole - now - this.#burstMs;
    if (waitMs > 0) return waitMs;
    this.#whole.delete(key);
    this.#whole.set(key, whole);
    const oldest = this.#whole.keys().next().value;
    if (this.#whole.size > maxKeys && oldest !== undefined) this.#whole.delete(oldest);
    return 0;
  }
}
