/** Bytes from `start` up to, but without, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Ranges that belong to secrets and are not in the stream yet, in order, apart from each other. */
export class CoveredRanges {
  #ranges: Range[] = [];

  /** Adds a range that ends no earlier than those before it; ranges that touch become one. */
  add(start: number, end: number): void {
    let from = start;
    for (let last = this.#ranges.at(-1); last !== undefined && last.end >= from; last = this.#ranges.at(-1)) {
      from = Math.min(from, last.start);
      this.#ranges.pop();
    }
    this.#ranges.push({ start: from, end });
  }

  /** Takes out the ranges that begin at `limit` or before. */
  take(limit: number): readonly Range[] {
    if ((this.#ranges[0]?.start ?? Number.POSITIVE_INFINITY) > limit) return [];
    const rest = this.#ranges.findIndex((range) => range.start > limit);
    return this.#ranges.splice(0, rest === -1 ? this.#ranges.length : rest);
  }
}
