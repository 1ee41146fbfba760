/** Bytes of `raw` that were seen at one time: those before `end`, at `at` (milliseconds since 1970). */
export interface Moment {
  readonly end: number;
  readonly at: number;
}

const apartMs = 100;
const maxMoments = 4096;

/**
 * When the bytes of `raw` were seen, in bounded memory: moments less than 100 ms apart are one, and when there are too many
 * every two neighbours become one.
 */
export class Moments {
  #moments: { readonly start: number; readonly at: number }[] = [];
  #length = 0;

  /** Bytes of `raw` that were seen. */
  get length(): number {
    return this.#length;
  }

  /** `raw` was seen to be `length` bytes long. */
  note(length: number, now: number): void {
    if (length <= this.#length) return;
    const last = this.#moments.at(-1);
    if (last === undefined || Math.abs(now - last.at) >= apartMs) this.#moments.push({ start: this.#length, at: now });
    if (this.#moments.length > maxMoments) this.#moments = this.#moments.filter((_, index) => index % 2 === 0);
    this.#length = length;
  }

  /** The moment of the byte at `offset`; of the last byte that was seen when that one was not yet. */
  at(offset: number): Moment {
    let low = 0;
    let high = this.#moments.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#moments[middle]?.start ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { end: this.#moments[low + 1]?.start ?? this.#length, at: this.#moments[low]?.at ?? 0 };
  }
}
