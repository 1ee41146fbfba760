import type { LogStore } from '../logs/log-store.ts';
import type { LogStretch } from './followed-log.ts';
import { readStretch } from './read-stretch.ts';

const newline = 0x0a;

/** Puts the time at which it was first seen before each line, as RFC 3339 and a space. Holds no line back: a long one passes in pieces. */
export class TimestampedLines {
  readonly #logs: LogStore;
  #atLineStart = true;

  constructor(logs: LogStore) {
    this.#logs = logs;
  }

  /** Stretches must come in order. */
  async *render({ attempt, start, end }: LogStretch): AsyncGenerator<Uint8Array, void> {
    let offset = start;
    for await (const piece of readStretch(this.#logs, { attempt, start, end })) {
      const moments = await this.#logs.moments(attempt, offset, offset + piece.length);
      let newest = 0;
      const timeAt = (place: number): string => {
        while ((moments[newest + 1]?.offset ?? Number.POSITIVE_INFINITY) <= place) newest++;
        return `${new Date(moments[newest]?.at ?? 0).toISOString()} `;
      };
      yield this.#withTimes(piece, (place) => timeAt(offset + place));
      offset += piece.length;
    }
  }

  #withTimes(piece: Uint8Array, timeAt: (place: number) => string): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let place = 0; place < piece.length; ) {
      if (this.#atLineStart) parts.push(Buffer.from(timeAt(place), 'latin1'));
      const found = piece.indexOf(newline, place);
      const next = found === -1 ? piece.length : found + 1;
      parts.push(piece.subarray(place, next));
      this.#atLineStart = found !== -1;
      place = next;
    }
    return Buffer.concat(parts);
  }
}
