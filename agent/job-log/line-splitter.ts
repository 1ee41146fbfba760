import type { StreamPiece } from '../attempts/masked-stream.ts';
import type { StreamLine } from './stream-line.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A longer line comes in pieces of at most this, none of which cuts a character of UTF-8. */
export const maxLineBytes = 8 * 1024;

/** Makes lines of the pieces of a stream, which come in order and without holes. Holds no more than a piece of one line. */
export class LineSplitter {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #heldAt = 0;
  #offset: number;

  /** `offset`: where in the stream the first piece begins, which is the beginning of a line or of a piece of one. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Where in the stream stands what comes behind the lines that were handed out. */
  get offset(): number {
    return this.#offset;
  }

  /** The lines that are whole now. They are views of the piece where they can be. */
  push({ bytes, at }: Pick<StreamPiece, 'bytes' | 'at'>): readonly StreamLine[] {
    const lines: StreamLine[] = [];
    for (let start = 0; start < bytes.length; ) {
      const found = bytes.indexOf(lineFeed, start);
      const room = maxLineBytes - this.#heldBytes;
      const end = found === -1 ? bytes.length : found;
      if (end - start <= room && found !== -1) {
        this.#hold(bytes.subarray(start, end), at);
        lines.push(this.#takeLine());
        start = found + 1;
      } else {
        const taken = Math.min(end - start, room + 1);
        this.#hold(bytes.subarray(start, start + taken), at);
        start += taken;
        if (this.#heldBytes > maxLineBytes) lines.push(this.#takePiece(at));
      }
    }
    // The piece is its giver's: what is kept of it is copied.
    if (this.#held.length > 0) this.#held = [Buffer.concat(this.#held)];
    return lines;
  }

  /** The stream is over: what has no line end is the last line. */
  end(): readonly StreamLine[] {
    if (this.#heldBytes === 0) return [];
    const content = Buffer.concat(this.#held);
    return [this.#take({ content, bytes: content.length, partial: false })];
  }

  #hold(bytes: Uint8Array, at: number): void {
    if (this.#heldBytes === 0) this.#heldAt = at;
    if (bytes.length > 0) this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #takeLine(): StreamLine {
    const whole = this.#joined();
    const content = whole.at(-1) === carriageReturn ? whole.subarray(0, -1) : whole;
    return this.#take({ content, bytes: whole.length + 1, partial: false });
  }

  /** All that is held but a character that is not whole, or the one byte that made it too much. */
  #takePiece(at: number): StreamLine {
    const whole = this.#joined();
    const cut = findCut(whole, maxLineBytes);
    const rest = whole.subarray(cut);
    const line = this.#take({ content: whole.subarray(0, cut), bytes: cut, partial: true });
    this.#hold(rest, at);
    return line;
  }

  #joined(): Uint8Array {
    return this.#held.length === 1 ? (this.#held[0] ?? new Uint8Array(0)) : Buffer.concat(this.#held);
  }

  #take(line: Pick<StreamLine, 'content' | 'bytes' | 'partial'>): StreamLine {
    const taken = { offset: this.#offset, at: this.#heldAt, ...line };
    this.#offset += line.bytes;
    this.#held = [];
    this.#heldBytes = 0;
    return taken;
  }
}

/** The largest cut up to `limit` that is before no continuation byte; `limit` where bytes are no UTF-8 anyway. */
export function findCut(bytes: Uint8Array, limit: number): number {
  for (let cut = limit; cut > Math.max(0, limit - 4); cut--) {
    if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut;
  }
  return limit;
}
