/** When a gate closes, and when it opens again. */
export interface GateRule {
  /** At or above this it is too much. Infinity: never. */
  readonly limit: number;
  /** At or below this it is well again. Between the two nothing changes, so that it does not swing. */
  readonly wellAt: number;
  /** It has to be too much for this long before the gate closes. */
  readonly closeAfterMs: number;
  /** It has to be well for this long before the gate opens; so it stays closed for at least as long. */
  readonly openAfterMs: number;
}

/**
 * - `open`: `since` is when it began to be too much, null while it is not. It closes once that lasts
 * - `closed`: `since` is when it began to be well, null while it is not. It opens once that lasts
 */
type State = { readonly type: 'open' | 'closed'; readonly since: number | null };

/** Closes on what is too much for long, opens on what is well for long. What is unknown is neither, and opens a closed gate in time. */
export class Gate {
  readonly #rule: GateRule;
  #state: State = { type: 'open', since: null };

  constructor(rule: GateRule) {
    this.#rule = rule;
  }

  /** Takes what was measured at `at`, by the clock that never goes back. Answers whether the gate is closed. */
  look(value: number | null, at: number): boolean {
    const { limit, wellAt, closeAfterMs, openAfterMs } = this.#rule;
    const isClosed = this.#state.type === 'closed';
    const isTurning = isClosed ? value === null || value <= wellAt : value !== null && value >= limit;
    const since = isTurning ? (this.#state.since ?? at) : null;
    const isOver = since !== null && at - since >= (isClosed ? openAfterMs : closeAfterMs);
    if (isOver) this.#state = { type: isClosed ? 'open' : 'closed', since: null };
    else this.#state = { type: this.#state.type, since };
    return this.#state.type === 'closed';
  }
}
