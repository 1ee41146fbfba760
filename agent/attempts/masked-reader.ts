import { createHash, type Hash } from 'node:crypto';
import type { Masker } from '../masking/masker.ts';

/** Reads `raw` from a place on. Answers fewer bytes only where the file ends. */
export type ReadRaw = (position: number, length: number) => Promise<Uint8Array>;

/** Makes a masker for one walk. */
export interface Masking {
  create(): Masker;
  /** There is nothing to mask, so a masker made anywhere in the stream is as good as one that saw all of it. */
  readonly identity: boolean;
}

const nothing: Uint8Array = new Uint8Array(0);

/** One walk along the stream from its first byte. Knows the digest of all that it handed out, and holds no more than one piece. */
export class MaskedReader {
  readonly #masking: Masking;
  readonly #masker: Masker;
  readonly #hash: Hash;
  #rawOffset = 0;
  #offset = 0;
  #ready = nothing;
  #finished = false;

  constructor(masking: Masking, from?: MaskedReader) {
    this.#masking = masking;
    this.#masker = masking.create();
    this.#hash = from === undefined ? createHash('sha256') : from.#hash.copy();
    if (from === undefined) return;
    this.#rawOffset = from.#rawOffset;
    this.#offset = from.#offset;
    this.#ready = from.#ready;
    this.#finished = from.#finished;
  }

  /** Another reader at the same place; null where only a walk from the beginning leads there. */
  fork(): MaskedReader | null {
    return this.#masking.identity || this.#rawOffset === 0 ? new MaskedReader(this.#masking, this) : null;
  }

  /** Bytes of `raw` that went in. */
  get rawOffset(): number {
    return this.#rawOffset;
  }

  /** Bytes of the stream that were handed out. */
  get offset(): number {
    return this.#offset;
  }

  /** All of the stream was handed out. */
  get ended(): boolean {
    return this.#finished && this.#ready.length === 0;
  }

  /** Of all that was handed out, hex. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Hands out up to `maxBytes`, made of `raw` before `rawEnd`. Empty when there is nothing more for now. */
  async read(readRaw: ReadRaw, limits: { readonly maxBytes: number; readonly rawEnd: number }): Promise<Uint8Array> {
    while (this.#ready.length === 0 && this.#rawOffset < limits.rawEnd) {
      const bytes = await readRaw(this.#rawOffset, Math.min(limits.maxBytes, limits.rawEnd - this.#rawOffset));
      if (bytes.length === 0) break;
      this.#rawOffset += bytes.length;
      this.#ready = this.#masker.push(bytes);
    }
    const piece = this.#ready.subarray(0, limits.maxBytes);
    this.#ready = piece.length === this.#ready.length ? nothing : this.#ready.subarray(piece.length);
    this.#offset += piece.length;
    if (piece.length > 0) this.#hash.update(piece);
    return piece;
  }

  /** No more of `raw` will be fed: what was held back comes out with the next `read`. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#ready = Buffer.concat([this.#ready, this.#masker.end()]);
  }
}
