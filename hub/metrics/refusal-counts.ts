import type { Metric } from '../../runtime/metrics-text.ts';
import { LabelledCounter } from './labelled-counter.ts';

/** What was refused because there was too much of it already. */
export class RefusalCounts {
  readonly #submissions = new LabelledCounter();
  readonly #requests = new LabelledCounter();

  /** A submission, because this had no room for it. */
  submission(what: string): void {
    this.#submissions.add({ what });
  }

  /** A request, because there were too many of its kind. */
  request(what: string): void {
    this.#requests.add({ what });
  }

  toMetrics(): readonly Metric[] {
    return [
      {
        type: 'counter',
        name: 'farhand_hub_submissions_refused_total',
        help: 'Submissions that were refused, by what had no room for them.',
        samples: this.#submissions.toSamples(),
      },
      {
        type: 'counter',
        name: 'farhand_hub_requests_limited_total',
        help: 'Requests that were answered 429 because too many came, by what there was too much of.',
        samples: this.#requests.toSamples(),
      },
    ];
  }
}
