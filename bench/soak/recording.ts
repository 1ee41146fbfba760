import type { Point } from './linear-fit.ts';
import type { QuantityKey } from './quantity.ts';

/** A curve: what is about one process, folder or kind. */
export interface Line {
  readonly quantity: QuantityKey;
  readonly name: string;
  readonly points: readonly Point[];
  /** When what it is about began anew, in seconds. */
  readonly breaks: readonly number[];
}

/** All samples of a run, by what they are of. Seconds count from its making. */
export class Recording {
  readonly #lines = new Map<string, { quantity: QuantityKey; name: string; points: Point[]; breaks: number[] }>();
  readonly #begun = performance.now();

  get seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  /** What is no number was not to be had. */
  add(quantity: QuantityKey, name: string, value: number): void {
    if (Number.isFinite(value)) this.#line(quantity, name).points.push({ at: this.seconds, value });
  }

  /** The process behind a name is another one from now on. */
  break(name: string): void {
    for (const line of this.#lines.values()) if (line.name === name) line.breaks.push(this.seconds);
  }

  lines(): readonly Line[] {
    return [...this.#lines.values()];
  }

  #line(quantity: QuantityKey, name: string) {
    const key = `${quantity} ${name}`;
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line = { quantity, name, points: [], breaks: [] };
    this.#lines.set(key, line);
    return line;
  }
}
