/** A longer window gains nothing. */
const maxWindow = 32;

/**
 * Tells from two bytes how far no needle can begin (Wu and Manber, 1994): most text is passed over without being looked at
 * byte by byte.
 */
export class SkipTable {
  /** Length of the window that is judged: of the shortest needle, at most 32. */
  readonly window: number;
  /** By the last two bytes of a window: by how much it may be moved on. 0: a needle may begin where the window does. */
  readonly shifts = new Uint8Array(65_536);

  constructor(needles: readonly Uint8Array[]) {
    this.window = needles.reduce((least, needle) => Math.min(least, needle.length), maxWindow);
    this.shifts.fill(this.window - 1);
    for (const needle of needles) {
      for (let at = 0; at + 1 < this.window; at++) {
        const pair = ((needle[at] ?? 0) << 8) | (needle[at + 1] ?? 0);
        this.shifts[pair] = Math.min(this.shifts[pair] ?? 0, this.window - 2 - at);
      }
    }
  }
}
