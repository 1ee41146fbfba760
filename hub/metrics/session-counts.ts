import type { SessionErrorCode } from '../../protocol/session-frame.ts';
import { Histogram } from '../../runtime/histogram.ts';
import type { Metric } from '../../runtime/metrics-text.ts';
import { LabelledCounter } from './labelled-counter.ts';

/** How a session ended: with the hub's last word on the attempt, with an error that the agent was told, or the channel closed. */
export type SessionOutcome = 'accepted' | 'closed' | SessionErrorCode;

const bounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400];

/** Sessions in numbers. */
export class SessionCounts {
  readonly #ended = new LabelledCounter();
  readonly #times = new Histogram(bounds);

  ended(outcome: SessionOutcome, tookMs: number): void {
    this.#ended.add({ outcome });
    this.#times.observe(tookMs / 1000);
  }

  toMetrics(): readonly Metric[] {
    return [
      {
        type: 'counter',
        name: 'farhand_hub_sessions_ended_total',
        help: 'Sessions that ended, by how.',
        samples: this.#ended.toSamples(),
      },
      {
        type: 'histogram',
        name: 'farhand_hub_session_seconds',
        help: 'How long sessions lasted, from the connection to its end.',
        samples: [this.#times.toSample()],
      },
    ];
  }
}
