import { MaskedReader, type Masking, type ReadRaw, Scratch } from './masked-reader.ts';
import type { Moments } from './moments.ts';
import { PrefixDigest } from './prefix-digest.ts';

export interface StreamPiece {
  readonly offset: number;
  /** When its first byte was seen. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const digestPieceBytes = 256 * 1024;

/** The first walk of a process begins so far before the place that is sought. */
const lookBackBytes = 64 * 1024;

/**
 * The stream of one attempt: `mask(raw, secrets)`, read from any offset, as often as it takes. Nothing of it is kept in memory:
 * going back means reading `raw` again, from its beginning where there are secrets.
 *
 * One reads at a time (the newest session); `summarize` may run beside it.
 */
export class MaskedStream {
  readonly #readRaw: ReadRaw;
  readonly #moments: Moments;
  readonly #masking: Masking;
  readonly #digest: PrefixDigest;
  readonly #onBytes: (offset: number, bytes: Uint8Array) => void;
  readonly #scratch: Scratch | null;
  #reader: MaskedReader;
  #isFresh = true;
  #from = 0;
  #rawEnd: number | null = null;

  constructor(options: {
    readonly readRaw: ReadRaw;
    readonly moments: Moments;
    readonly masking: Masking;
    /** Called with each piece that is read, also those before the offset that was sought. They may overlap and come again. */
    readonly onBytes?: (offset: number, bytes: Uint8Array) => void;
    /** Shared by the walks along one stream: whoever is first with a byte puts it in. */
    readonly digest?: PrefixDigest;
    /** For the pieces of `read`, each of which is then good only until the next one is asked for. Of one walk alone. */
    readonly scratch?: Scratch;
  }) {
    this.#readRaw = options.readRaw;
    this.#digest = options.digest ?? new PrefixDigest();
    this.#onBytes = options.onBytes ?? (() => {});
    this.#moments = options.moments;
    this.#masking = options.masking;
    this.#scratch = options.scratch ?? null;
    this.#reader = new MaskedReader(options.masking, 0, this.#scratch);
  }

  /** All of a frozen stream was read. */
  get ended(): boolean {
    return this.#rawEnd !== null && this.#reader.ended;
  }

  /** The next `read` begins with the byte at `offset`. One behind the end of the stream is never reached. */
  seek(offset: number): void {
    this.#from = offset;
    const isPassed = this.#reader.offset > offset;
    const isFar = this.#masking.identity && this.#reader.offset < offset;
    // What was sent by an earlier agent was not seen by this one.
    const from = this.#isFresh ? Math.max(0, offset - lookBackBytes) : offset;
    if (isPassed || isFar) this.#reader = new MaskedReader(this.#masking, from, this.#scratch);
  }

  /** The next bytes in order, up to `maxBytes` that were seen at one moment; null when there is nothing more for now. */
  async read(maxBytes: number): Promise<StreamPiece | null> {
    for (;;) {
      const reader = this.#reader;
      const { offset, rawOffset } = reader;
      const moment = this.#moments.at(rawOffset);
      const rawEnd = Math.min(moment.end, this.#rawEnd ?? moment.end);
      const bytes = await reader.read(this.#readRaw, { maxBytes, rawEnd });
      if (reader !== this.#reader) continue;
      if (bytes.length === 0) {
        // A masker may keep all of a moment to itself: the next moment decides.
        if (reader.rawOffset > rawOffset) continue;
        if (this.#rawEnd === null || reader.ended) return null;
        // Nothing came where there were bytes: somebody cut the file, and what is gone is not waited for.
        const wasCut = rawEnd > rawOffset;
        if (wasCut || rawOffset >= this.#rawEnd) reader.finish();
        continue;
      }
      this.#isFresh = false;
      this.#digest.feed(offset, bytes);
      this.#onBytes(offset, bytes);
      const skipped = Math.max(0, this.#from - offset);
      if (skipped >= bytes.length) continue;
      return { offset: offset + skipped, at: moment.at, bytes: bytes.subarray(skipped) };
    }
  }

  /** Another walk along the stream, from its beginning, at a pace of its own. It is frozen by itself. */
  fork(): MaskedStream {
    return new MaskedStream({
      readRaw: this.#readRaw,
      moments: this.#moments,
      masking: this.#masking,
      digest: this.#digest,
    });
  }

  /** Ends the stream at `rawEnd` bytes of `raw`: what comes later is no part of it. */
  freeze(rawEnd: number): void {
    this.#rawEnd = rawEnd;
  }

  /** Where in the stream stands what comes behind the first `rawBytes` of `raw`. */
  async offsetOf(rawBytes: number): Promise<number> {
    if (this.#masking.identity) return rawBytes;
    const walk = new MaskedReader(this.#masking, 0);
    while (!walk.ended) {
      const bytes = await walk.read(this.#readRaw, { maxBytes: digestPieceBytes, rawEnd: rawBytes });
      if (bytes.length === 0) walk.finish();
    }
    return walk.offset;
  }

  /**
   * Length and digest of the whole stream, which must be frozen. What was read already is in the digest; the rest is read now,
   * unless the reader beside it is faster.
   */
  async summarize(): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const rawEnd = this.#rawEnd ?? 0;
    const begin = () => new MaskedReader(this.#masking, this.#digest.length, scratch);
    const from = this.#masking.identity ? this.#digest.length : 0;
    const pieceBytes = Math.min(digestPieceBytes, Math.max(1, rawEnd - from));
    const scratch = new Scratch();
    let own = begin();
    const isDone = () => this.ended && this.#digest.length === this.#reader.offset;
    while (!own.ended && !isDone()) {
      if (this.#masking.identity && this.#digest.length > own.offset) own = begin();
      const { offset } = own;
      const bytes = await own.read(this.#readRaw, { maxBytes: pieceBytes, rawEnd });
      if (bytes.length === 0) own.finish();
      else this.#digest.feed(offset, bytes);
    }
    return { bytes: this.#digest.length, sha256: this.#digest.value() };
  }
}
