import { type DeclineReason, declineReasons } from '../../protocol/offer.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Metric } from '../../runtime/metrics-text.ts';

/**
 * Why an offer came to nothing: what the agent said, or
 *
 * - `no-answer`: nobody opened it in time
 * - `lease-gone`: the agent's control channel ended before the offer was stored
 * - `never-started`: the agent took it and could not start the program
 */
const refusals = [...declineReasons, 'no-answer', 'lease-gone', 'never-started'] as const;
export type Refusal = DeclineReason | (typeof refusals)[number];

/** Offers in numbers, and when the last one was made: a hub that is up and gives nothing away is seen by it. */
export class OfferCounts {
  readonly #clock: Clock;
  readonly #refused = new Map<Refusal, number>(refusals.map((reason) => [reason, 0]));
  #offered = 0;
  #lastOfferAt: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get lastOfferAt(): number | null {
    return this.#lastOfferAt;
  }

  offered(): void {
    this.#offered++;
    this.#lastOfferAt = this.#clock.now();
  }

  refused(reason: Refusal): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  toMetrics(): readonly Metric[] {
    return [
      {
        type: 'counter',
        name: 'farhand_hub_offers_total',
        help: 'Offers of jobs that were made to agents.',
        samples: [{ value: this.#offered }],
      },
      {
        type: 'counter',
        name: 'farhand_hub_offers_refused_total',
        help: 'Offers that came to nothing, by why.',
        samples: [...this.#refused].map(([reason, value]) => ({ labels: { reason }, value })),
      },
      {
        type: 'gauge',
        name: 'farhand_hub_last_offer_timestamp_seconds',
        help: 'When the last offer was made, in seconds since 1970; 0 before the first.',
        samples: [{ value: (this.#lastOfferAt ?? 0) / 1000 }],
      },
    ];
  }
}
