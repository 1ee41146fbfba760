import { MaskedReader, type Masking, type ReadRaw } from './masked-reader.ts';
import type { Moments } from './moments.ts';

export interface StreamPiece {
  readonly offset: number;
  /** When its first byte was seen. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const checkpointBytes = 1024 * 1024;
const maxCheckpoints = 16;
const digestPieceBytes = 256 * 1024;

/**
 * The stream of one attempt: `mask(raw, secrets)`, read from any offset, as often as it takes. Nothing of it is kept in memory:
 * going back means reading `raw` again, from a place that was remembered or from the beginning.
 *
 * One reads at a time (the newest session); `summarize` may run beside it.
 */
export class MaskedStream {
  readonly #readRaw: ReadRaw;
  readonly #moments: Moments;
  readonly #masking: Masking;
  #reader: MaskedReader;
  #checkpoints: readonly MaskedReader[] = [];
  #from = 0;
  #rawEnd: number | null = null;

  constructor(options: { readonly readRaw: ReadRaw; readonly moments: Moments; readonly masking: Masking }) {
    this.#readRaw = options.readRaw;
    this.#moments = options.moments;
    this.#masking = options.masking;
    this.#reader = new MaskedReader(options.masking);
  }

  /** All of a frozen stream was read. */
  get ended(): boolean {
    return this.#rawEnd !== null && this.#reader.ended;
  }

  /** The next `read` begins with the byte at `offset`. One behind the end of the stream is never reached. */
  seek(offset: number): void {
    this.#from = offset;
    if (this.#reader.offset <= offset) return;
    const near = this.#checkpoints.findLast((checkpoint) => checkpoint.offset <= offset);
    this.#reader = near?.fork() ?? new MaskedReader(this.#masking);
  }

  /** The next bytes in order, up to `maxBytes` that were seen at one moment; null when there is nothing more for now. */
  async read(maxBytes: number): Promise<StreamPiece | null> {
    for (;;) {
      const reader = this.#reader;
      const moment = this.#moments.at(reader.rawOffset);
      const rawEnd = Math.min(moment.end, this.#rawEnd ?? moment.end);
      const offset = reader.offset;
      const bytes = await reader.read(this.#readRaw, { maxBytes, rawEnd });
      if (reader !== this.#reader) continue;
      if (bytes.length === 0) {
        if (this.#rawEnd === null || reader.rawOffset < this.#rawEnd || reader.ended) return null;
        reader.finish();
        continue;
      }
      this.#remember(reader);
      const skipped = Math.max(0, this.#from - offset);
      if (skipped >= bytes.length) continue;
      return { offset: offset + skipped, at: moment.at, bytes: bytes.subarray(skipped) };
    }
  }

  /** Ends the stream at `rawEnd` bytes of `raw`: what comes later is no part of it. */
  freeze(rawEnd: number): void {
    this.#rawEnd = rawEnd;
  }

  /** Length and digest of the whole stream of `rawEnd` bytes of `raw`. */
  async summarize(rawEnd: number): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const reader = this.#reader.fork() ?? new MaskedReader(this.#masking);
    while (!reader.ended) {
      const bytes = await reader.read(this.#readRaw, { maxBytes: digestPieceBytes, rawEnd });
      if (bytes.length === 0) reader.finish();
    }
    return { bytes: reader.offset, sha256: reader.digest() };
  }

  #remember(reader: MaskedReader): void {
    if (reader.offset < (this.#checkpoints.at(-1)?.offset ?? 0) + checkpointBytes) return;
    const checkpoint = reader.fork();
    if (checkpoint !== null) this.#checkpoints = [...this.#checkpoints.slice(1 - maxCheckpoints), checkpoint];
  }
}
