import { createHash, type Hash } from 'node:crypto';

/** Reads a stretch of the log from its file. */
export type ReadStretch = (start: number, end: number) => AsyncIterable<Uint8Array>;

/** Where a digest of the same log stopped. */
export interface DigestState {
  readonly hash: Hash;
  readonly hashed: number;
}

/**
 * SHA-256 of a log that grows. Bytes that come in order are hashed as they come. After a restart the part that was there before is
 * read from the file, in the background, and so is what comes meanwhile, until the digest is level with the log.
 */
export class RunningDigest {
  readonly #read: ReadStretch;
  readonly #hash: Hash;
  #hashed: number;
  #catchingUp: Promise<void> | null = null;

  constructor(read: ReadStretch, from: DigestState | null) {
    this.#read = read;
    this.#hash = from?.hash.copy() ?? createHash('sha256');
    this.#hashed = from?.hashed ?? 0;
  }

  get hashed(): number {
    return this.#hashed;
  }

  /** Bytes that are being written at `offset`: hashed now if nothing before them is missing, else later from the file. */
  update(offset: number, bytes: Uint8Array): void {
    if (this.#catchingUp !== null || offset !== this.#hashed) return;
    this.#hash.update(bytes);
    this.#hashed += bytes.length;
  }

  /** Resolves when all up to `length` is hashed; it must be in the file already. Rejects as reading does. */
  async catchUp(length: number): Promise<void> {
    while (this.#hashed < length) {
      this.#catchingUp ??= this.#readTo(length).finally(() => {
        this.#catchingUp = null;
      });
      await this.#catchingUp;
    }
  }

  /** Hex digest of what was hashed so far. */
  value(): string {
    return this.#hash.copy().digest('hex');
  }

  /** What a later writer can go on from; null when not exactly `length` bytes are hashed. */
  stateAt(length: number): DigestState | null {
    if (this.#catchingUp !== null || this.#hashed !== length) return null;
    return { hash: this.#hash, hashed: this.#hashed };
  }

  async #readTo(length: number): Promise<void> {
    for await (const bytes of this.#read(this.#hashed, length)) {
      this.#hash.update(bytes);
      this.#hashed += bytes.length;
    }
    if (this.#hashed < length) throw new Error(`the log ended at ${this.#hashed} of ${length} bytes`);
  }
}
