import type { Masker } from '../masking/masker.ts';

/** Fills `buffer` with `raw` from a place on, and answers how many bytes came: fewer than fit only where the file ends. */
export type ReadRaw = (position: number, buffer: Uint8Array) => Promise<number>;

/** Makes a masker for one walk. */
export interface Masking {
  create(): Masker;
  /** There is nothing to mask: the stream is `raw`, and a walk may begin anywhere. */
  readonly identity: boolean;
}

/** Memory that is used again and again, as much as was ever wanted of it at once. */
export class Scratch {
  #buffer = Buffer.alloc(0);

  /** What was taken before is overwritten. */
  take(bytes: number): Uint8Array {
    if (this.#buffer.length < bytes) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    return this.#buffer.subarray(0, bytes);
  }
}

const nothing: Uint8Array = new Uint8Array(0);

/** One walk along the stream. Holds no more than one piece. */
export class MaskedReader {
  readonly #masker: Masker;
  readonly #scratch: Scratch | null;
  #rawOffset: number;
  #offset: number;
  #ready = nothing;
  #finished = false;

  /**
   * Begins at the byte at `wanted` where there is nothing to mask, and at the first one otherwise. With a `scratch` every piece is
   * good only until the next one is asked for.
   */
  constructor(masking: Masking, wanted: number, scratch: Scratch | null = null) {
    this.#masker = masking.create();
    this.#scratch = scratch;
    this.#offset = masking.identity ? wanted : 0;
    this.#rawOffset = this.#offset;
  }

  /** Bytes of `raw` that went in. */
  get rawOffset(): number {
    return this.#rawOffset;
  }

  /** Offset in the stream of the next byte that is handed out. */
  get offset(): number {
    return this.#offset;
  }

  /** All of the stream was handed out. */
  get ended(): boolean {
    return this.#finished && this.#ready.length === 0;
  }

  /** Hands out up to `maxBytes`, made of `raw` before `rawEnd`. Empty when there is nothing more for now. */
  async read(readRaw: ReadRaw, limits: { readonly maxBytes: number; readonly rawEnd: number }): Promise<Uint8Array> {
    while (this.#ready.length === 0 && this.#rawOffset < limits.rawEnd) {
      const wanted = Math.min(limits.maxBytes, limits.rawEnd - this.#rawOffset);
      const buffer = this.#scratch?.take(wanted) ?? Buffer.allocUnsafe(wanted);
      const count = await readRaw(this.#rawOffset, buffer);
      if (count === 0) break;
      this.#rawOffset += count;
      this.#ready = this.#masker.push(buffer.subarray(0, count));
    }
    const piece = this.#ready.subarray(0, limits.maxBytes);
    this.#ready = piece.length === this.#ready.length ? nothing : this.#ready.subarray(piece.length);
    this.#offset += piece.length;
    return piece;
  }

  /** No more of `raw` will be fed: what was held back comes out with the next `read`. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#ready = Buffer.concat([this.#ready, this.#masker.end()]);
  }
}
